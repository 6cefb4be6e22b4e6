"""/v1/auth: get an account, log in, stay logged in. Nobody has to be logged in for these."""

from typing import Any

from flask import request as flask_request
from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts
from backend.api.http.requests import Blueprint
from backend.errors import Forbidden
from backend.identity.accounts import Accounts
from backend.identity.sessions import TokenPair, end_session, refresh_session

blueprint = Blueprint("auth", __name__, url_prefix="/v1/auth", description="Accounts and sessions")


def get_address() -> str:
    """From where the request comes."""
    return flask_request.remote_addr or ""


def get_accounts() -> Accounts:
    """Those of this house; raises `NotFound` where it keeps none."""
    return get_parts().accounts


@blueprint.route("/register")
class RegisterResource(MethodView):
    """New accounts."""

    @blueprint.arguments(schemas.RegistrationSchema)
    @blueprint.response(204, description="A mail is on its way")
    @blueprint.doc(operationId="registerAccount")
    def post(self, request: dict[str, Any]) -> None:
        """Ask for an account; a mail tells how to go on, also who has one already.

        The account works once its address was confirmed by the token of that mail.
        """
        accounts = get_accounts()
        if get_parts().settings.registration != "open":
            raise Forbidden("registration-closed", "Ask whoever runs this server for an account")
        accounts.register(**request, address=get_address())


@blueprint.route("/confirm-email")
class ConfirmEmailResource(MethodView):
    """Confirmed addresses."""

    @blueprint.arguments(schemas.MailTokenSchema)
    @blueprint.response(204)
    @blueprint.doc(operationId="confirmEmail")
    def post(self, request: dict[str, Any]) -> None:
        """Confirm an address by the token that was mailed to it.

        Of a new account, or the new one of an old account. The token works once, for two days.
        """
        get_accounts().confirm_email(**request)


@blueprint.route("/login")
class LoginResource(MethodView):
    """New sessions."""

    @blueprint.arguments(schemas.CredentialsSchema)
    @blueprint.response(200, schemas.TokenPairSchema)
    @blueprint.doc(operationId="logIn")
    def post(self, request: dict[str, Any]) -> TokenPair:
        """Log in; 429 after ten attempts at an account in a quarter of an hour.

        The answer does not tell whether it is the address or the password that is wrong.
        """
        return get_accounts().login(**request, address=get_address())


@blueprint.route("/refresh")
class RefreshResource(MethodView):
    """Sessions that go on."""

    @blueprint.arguments(schemas.RefreshTokenSchema)
    @blueprint.response(200, schemas.TokenPairSchema)
    @blueprint.doc(operationId="refreshSession")
    def post(self, request: dict[str, Any]) -> TokenPair:
        """Get the next pair of tokens; a refresh token that comes twice ends its session.

        So whoever copied one is out, and so is its owner, who logs in again.
        """
        accounts = get_accounts()
        return refresh_session(accounts.db, accounts.tokens, request["refresh_token"])


@blueprint.route("/logout")
class LogoutResource(MethodView):
    """Sessions that end."""

    @blueprint.arguments(schemas.RefreshTokenSchema)
    @blueprint.response(204)
    @blueprint.doc(operationId="logOut")
    def post(self, request: dict[str, Any]) -> None:
        """End a session: its access token works no more either.

        A token that does not work is no error: nobody is logged in by it.
        """
        end_session(get_accounts().db, request["refresh_token"])


@blueprint.route("/forgot-password")
class ForgotPasswordResource(MethodView):
    """Forgotten passwords."""

    @blueprint.arguments(schemas.EmailSchema)
    @blueprint.response(204, description="If it has an account, a mail is on its way")
    @blueprint.doc(operationId="requestPasswordReset")
    def post(self, request: dict[str, Any]) -> None:
        """Have a token mailed to choose another password by.

        The answer is the same for an address that nobody has.
        """
        get_accounts().request_reset(**request, address=get_address())


@blueprint.route("/reset-password")
class ResetPasswordResource(MethodView):
    """Passwords chosen anew."""

    @blueprint.arguments(schemas.PasswordResetSchema)
    @blueprint.response(204)
    @blueprint.doc(operationId="resetPassword")
    def post(self, request: dict[str, Any]) -> None:
        """Choose another password by the token of the mail; all sessions end.

        The token works once, for an hour.
        """
        get_accounts().reset_password(**request)
