"""/v1/dead-letters: stages that ran out of attempts."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.dispatching import accepted
from backend.api.http.context import parts, user_id
from backend.api.http.requests import Blueprint
from backend.jobs import dead_letters

blueprint = Blueprint(
    "dead-letters",
    __name__,
    url_prefix="/v1/dead-letters",
    description="Stages that ran out of attempts",
)


@blueprint.route("")
class DeadLetters(MethodView):
    """All of them."""

    @blueprint.response(200, schemas.DeadLetter(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List them, newest first, each with its last error."""
        return dead_letters.listed(parts().db, user_id())


@blueprint.route("/<uuid:letter_id>/requeue")
class Requeue(MethodView):
    """One of them."""

    @blueprint.response(202, schemas.JobView)
    def post(self, letter_id: UUID) -> Any:
        """Start the job again for all that is dead in this stage's run, with what is there."""
        return accepted(*dead_letters.requeue(parts().db, parts().store, user_id(), letter_id))
