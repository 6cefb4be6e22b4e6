"""/v1/me and /v1/api-keys: one's own account, and the keys by which programs act for it."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.auth import get_accounts, get_address
from backend.api.http.context import get_parts, get_principal, get_user_id
from backend.api.http.requests import Blueprint
from backend.identity import accounts as users
from backend.identity import api_keys
from backend.identity.principal import Scope
from backend.identity.sessions import end_all_sessions
from backend.jobs.erase import erase_jobs, export_jobs

blueprint = Blueprint("account", __name__, url_prefix="/v1/me", description="One's own account")
keys = Blueprint("api-keys", __name__, url_prefix="/v1/api-keys", description="Keys for programs")


@blueprint.route("")
class AccountResource(MethodView):
    """Who is logged in."""

    @blueprint.response(200, schemas.UserSchema)
    @blueprint.doc(operationId="getMe")
    def get(self) -> Any:
        """Tell who you are.

        An embedded house that is open to its machine has one user, `local`.
        """
        with get_parts().db.read() as connection:
            return users.read_user(connection, get_user_id())


@blueprint.route("/password")
class PasswordResource(MethodView):
    """The password."""

    @blueprint.arguments(schemas.PasswordChangeSchema)
    @blueprint.response(204)
    @blueprint.doc(operationId="changePassword")
    def post(self, request: dict[str, Any]) -> None:
        """Change it; all sessions end, this one too.

        A mail tells of it.
        """
        get_accounts().change_password(
            get_user_id(), request["current_password"], request["new_password"], get_address()
        )


@blueprint.route("/email")
class EmailResource(MethodView):
    """The mail address."""

    @blueprint.arguments(schemas.EmailChangeSchema)
    @blueprint.response(204, description="A mail to the new address is on its way")
    @blueprint.doc(operationId="changeEmail")
    def post(self, request: dict[str, Any]) -> None:
        """Ask for another one; it is the account's when the token of the mail came back.

        The old address is told of it.
        """
        get_accounts().change_email(get_user_id(), **request, address=get_address())


@blueprint.route("/logout")
class LogoutEverywhereResource(MethodView):
    """All sessions."""

    @blueprint.arguments(schemas.EmptyRequestSchema)
    @blueprint.response(204)
    @blueprint.doc(operationId="logOutEverywhere")
    def post(self, _request: dict[str, Any]) -> None:
        """End all sessions; API keys go on.

        Access tokens work no more either.
        """
        with get_accounts().db.write() as connection:
            end_all_sessions(connection, get_user_id())


@blueprint.route("/export")
class ExportResource(MethodView):
    """All that is kept of a user."""

    @blueprint.response(200, schemas.ExportSchema)
    @blueprint.doc(operationId="exportAccount")
    def get(self) -> dict[str, Any]:
        """Get it as JSON; files are downloaded by their jobs.

        What vendors keep by their own rules is not in it.
        """
        db, user_id = get_parts().db, get_user_id()
        with db.read() as connection:
            user = users.read_user(connection, user_id)
        return {
            "user": user,
            "api_keys": api_keys.list_keys(db, user_id),
            **export_jobs(db, user_id),
        }


@blueprint.route("/deletion")
class DeletionResource(MethodView):
    """The end of an account."""

    @blueprint.arguments(schemas.PasswordSchema)
    @blueprint.response(204)
    @blueprint.doc(operationId="deleteAccount")
    def post(self, request: dict[str, Any]) -> None:
        """Delete account, jobs and files for good; export them first.

        Objects in storage go with the next collection of garbage.
        """
        get_accounts().close(get_user_id(), request["password"], get_address())
        erase_jobs(get_parts().db, get_user_id())


@keys.route("")
class ApiKeysResource(MethodView):
    """All keys of a user."""

    @keys.response(200, schemas.ApiKeySchema(many=True))
    @keys.doc(operationId="listApiKeys")
    def get(self) -> Any:
        """List them, newest first; none shows its secret.

        Those that expired or were revoked too.
        """
        return api_keys.list_keys(get_parts().db, get_user_id())

    @keys.arguments(schemas.ApiKeyRequestSchema)
    @keys.response(201, schemas.NewApiKeySchema)
    @keys.doc(operationId="createApiKey")
    def post(self, request: dict[str, Any]) -> api_keys.NewApiKey:
        """Make one; keep its secret, which is not shown again.

        It can have no scope that you have not.
        """
        scopes = frozenset(map(Scope, request.pop("scopes")))
        return api_keys.create_key(get_parts().db, get_principal(), **request, scopes=scopes)


@keys.route("/<uuid:key_id>")
class ApiKeyResource(MethodView):
    """One key."""

    @keys.response(204)
    @keys.doc(operationId="revokeApiKey")
    def delete(self, key_id: UUID) -> None:
        """Revoke it: it works no more from now on.

        It stays in the list.
        """
        api_keys.revoke_key(get_parts().db, get_user_id(), key_id)
