"""/v1/admin: users, jobs, errors and dead letters of all, for those who run the house."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts
from backend.api.http.requests import Blueprint
from backend.api.usage import describe_usage
from backend.database.models.accounts import Role
from backend.identity import accounts, quotas, users
from backend.jobs import overview

blueprint = Blueprint(
    "admin", __name__, url_prefix="/v1/admin", description="For those who run the house"
)


@blueprint.route("/users")
class UsersResource(MethodView):
    """All users."""

    @blueprint.arguments(schemas.PageQuerySchema, location="query")
    @blueprint.response(200, schemas.UserSchema(many=True))
    @blueprint.doc(operationId="listUsers")
    def get(self, query: dict[str, Any]) -> Any:
        """List them, newest first; `before` is the id of the last one seen.

        Those that are disabled too.
        """
        return users.list_users(get_parts().db, **query)


@blueprint.route("/users/<uuid:user_id>")
class UserResource(MethodView):
    """One user."""

    @blueprint.arguments(schemas.UserChangeSchema)
    @blueprint.response(200, schemas.UserSchema)
    @blueprint.doc(operationId="updateUser")
    def patch(self, request: dict[str, Any], user_id: UUID) -> Any:
        """Lock a user out or let them in again, make them an admin or none.

        Sessions end at once, and keys do not work while they are locked out.
        """
        db = get_parts().db
        users.find_user(db, str(user_id))
        if request["disabled"] is not None:
            users.set_disabled(db, user_id, disabled=request["disabled"])
        if request["role"] is not None:
            users.set_role(db, user_id, Role(request["role"]))
        with db.read() as connection:
            return accounts.read_user(connection, user_id)


@blueprint.route("/users/<uuid:user_id>/quotas")
class UserQuotasResource(MethodView):
    """How much a user may have."""

    @blueprint.response(200, schemas.UsageSchema)
    @blueprint.doc(operationId="getUserQuotas")
    def get(self, user_id: UUID) -> dict[str, Any]:
        """Tell a user's limits, and how much of each is used.

        As `getUsage` tells the user.
        """
        return describe_usage(user_id)

    @blueprint.arguments(schemas.QuotasRequestSchema)
    @blueprint.response(200, schemas.UsageSchema)
    @blueprint.doc(operationId="setUserQuotas")
    def put(self, own: dict[str, Any], user_id: UUID) -> dict[str, Any]:
        """Give a user limits of their own.

        Those that are not named are the installation's; `{}` takes all of them back.
        """
        quotas.set_quotas(get_parts().db, user_id, own)
        return describe_usage(user_id)


@blueprint.route("/jobs")
class AllJobsResource(MethodView):
    """Jobs of all users."""

    @blueprint.arguments(schemas.PageQuerySchema, location="query")
    @blueprint.response(200, schemas.OwnedJobSchema(many=True))
    @blueprint.doc(operationId="listAllJobs")
    def get(self, query: dict[str, Any]) -> Any:
        """List them, newest first, with the state of their last run.

        What they hold is their owners'.
        """
        return overview.list_jobs(get_parts().db, **query)


@blueprint.route("/errors")
class ErrorsResource(MethodView):
    """What went wrong."""

    @blueprint.arguments(schemas.PageQuerySchema, location="query")
    @blueprint.response(200, schemas.OwnedErrorSchema(many=True))
    @blueprint.doc(operationId="listErrors")
    def get(self, query: dict[str, Any]) -> Any:
        """List the stages that failed or ran out of attempts, of all users, newest first.

        Of all runs, also where a later one went well.
        """
        return overview.list_errors(get_parts().db, dead=False, **query)


@blueprint.route("/dead-letters")
class AllDeadLettersResource(MethodView):
    """What ran out of attempts."""

    @blueprint.arguments(schemas.PageQuerySchema, location="query")
    @blueprint.response(200, schemas.OwnedErrorSchema(many=True))
    @blueprint.doc(operationId="listAllDeadLetters")
    def get(self, query: dict[str, Any]) -> Any:
        """List the dead letters of all users, newest first; their owners start them again.

        Of all runs, also where a later one went well.
        """
        return overview.list_errors(get_parts().db, dead=True, **query)
