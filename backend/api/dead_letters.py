"""/v1/dead-letters: stages that ran out of attempts."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.dispatching import dispatch_and_answer
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.contract import LOCATION
from backend.api.http.requests import Blueprint
from backend.api.idempotency import accept_idempotency_key, get_claimed_key
from backend.api.usage import read_own_quotas
from backend.jobs import dead_letters

blueprint = Blueprint(
    "dead-letters",
    __name__,
    url_prefix="/v1/dead-letters",
    description="Stages that ran out of attempts",
)


@blueprint.route("")
class DeadLettersResource(MethodView):
    """All of them."""

    @blueprint.doc(operationId="listDeadLetters")
    @blueprint.response(200, schemas.DeadLetterSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List them, newest first, each with its last error.

        Those that a later run took up again are left out.
        """
        return dead_letters.list_dead_letters(get_parts().db, get_user_id())


@blueprint.route("/<uuid:letter_id>/retry")
class RetryDeadLetterResource(MethodView):
    """One of them."""

    @accept_idempotency_key
    @blueprint.doc(operationId="retryDeadLetter")
    @blueprint.arguments(schemas.EmptyRequestSchema)
    @blueprint.response(202, schemas.JobViewSchema, headers={"Location": LOCATION})
    @blueprint.alt_response(409, "Conflict")
    def post(self, _request: dict[str, Any], letter_id: UUID) -> Any:
        """Start the job again for all that is dead in this stage's run, with what is there.

        What was made is taken over, so that only what is missing is done.
        """
        return dispatch_and_answer(
            *dead_letters.retry_dead_letter(
                *(get_parts().db, get_parts().store, get_user_id(), letter_id),
                claimed=get_claimed_key(),
                quotas=read_own_quotas(),
            )
        )
