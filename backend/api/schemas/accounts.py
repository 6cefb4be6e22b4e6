"""Accounts, sessions and API keys."""

from marshmallow import fields, validate

from backend.api.schemas import words
from backend.api.schemas.base import (
    AnswerSchema,
    RequestSchema,
    build_count_field,
    build_id_field,
    build_text_field,
    build_time_field,
    build_word_field,
)
from backend.api.schemas.files import FileSchema
from backend.identity.accounts import LONGEST_EMAIL
from backend.identity.passwords import LONGEST, SHORTEST

LONGEST_TOKEN = 500
MOST_EXPORTED = 1_000_000


def _build_email_field() -> fields.String:
    return build_text_field(
        LONGEST_EMAIL,
        "its mail address",
        shortest=3,
        required=True,
        metadata={"format": "email", "example": "ana@example.org"},
    )


def _build_secret_field(description: str) -> fields.String:
    return build_text_field(LONGEST_TOKEN, description, shortest=1, required=True)


def _build_new_password_field() -> fields.String:
    return build_text_field(
        LONGEST,
        "a few words will do",
        shortest=SHORTEST,
        required=True,
        metadata={"format": "password"},
    )


class CredentialsSchema(RequestSchema):
    """Mail and password."""

    email = _build_email_field()
    password = _build_secret_field("its password")


class RegistrationSchema(RequestSchema):
    """Asks for an account."""

    email = _build_email_field()
    password = _build_new_password_field()


class EmailSchema(RequestSchema):
    """Whose password was forgotten."""

    email = _build_email_field()


class MailTokenSchema(RequestSchema):
    """A token that came by mail."""

    token = _build_secret_field("as it stands in the mail, or behind the # of its link")


class PasswordResetSchema(MailTokenSchema):
    """Chooses another password."""

    password = _build_new_password_field()


class RefreshTokenSchema(RequestSchema):
    """The latest refresh token of a session."""

    refresh_token = _build_secret_field("it works once")


class TokenPairSchema(AnswerSchema):
    """Send `accessToken` as `Authorization: Bearer ...`; `refreshToken` gets the next pair."""

    access_token = build_text_field(2000, "a JWT, which is nothing to read")
    refresh_token = build_text_field(LONGEST_TOKEN, "works once")
    expires_in = build_count_field("seconds that the access token works")
    token_type = build_word_field({"Bearer": "as in RFC 6750"})


class UserSchema(AnswerSchema):
    """A user."""

    id = build_id_field("what jobs are owned by")
    name = build_text_field(LONGEST_EMAIL, "what to show of them")
    email = build_text_field(LONGEST_EMAIL, "null where another provider keeps it", allow_none=True)
    role = build_word_field(words.ROLES, "What they are to this house.")
    created_at = build_time_field("since when they are known")
    disabled_at = build_time_field("since when they are locked out", allow_none=True)


class PasswordChangeSchema(RequestSchema):
    """Changes the password; all sessions end."""

    current_password = _build_secret_field("the one that works now")
    new_password = _build_new_password_field()


class EmailChangeSchema(CredentialsSchema):
    """Asks for another address; it is confirmed by a mail to it."""


class PasswordSchema(RequestSchema):
    """Shows that it is the user."""

    password = _build_secret_field("the account's password")


class ApiKeyRequestSchema(RequestSchema):
    """Asks for an API key."""

    name = build_text_field(
        100, "what it is for", shortest=1, required=True, metadata={"example": "laptop"}
    )
    scopes = fields.List(
        build_word_field(words.SCOPES),
        required=True,
        validate=validate.Length(1, len(words.SCOPES)),
        metadata={"description": "what it may do", "example": ["jobs:read"]},
    )
    expires_at = build_time_field("null: when it is revoked", load_default=None)


class ApiKeySchema(AnswerSchema):
    """An API key."""

    id = build_id_field("what to revoke it by")
    name = build_text_field(100, "what it is for")
    prefix = build_text_field(20, "how it begins")
    scopes = fields.List(
        build_word_field(words.SCOPES), metadata={"description": "what it may do", "maxItems": 10}
    )
    created_at = build_time_field("when it was made")
    last_used_at = build_time_field("to the minute", allow_none=True)
    expires_at = build_time_field("until when it works", allow_none=True)
    revoked_at = build_time_field("since when it works no more", allow_none=True)


class NewApiKeySchema(AnswerSchema):
    """An API key as it was made."""

    id = build_id_field("what to revoke it by")
    secret = build_text_field(100, "shown this once", metadata={"example": "dub_3tQm"})


class ExportedJobSchema(AnswerSchema):
    """A job as it was asked for."""

    id = build_id_field("the job's")
    kind = build_word_field(words.JOB_KINDS, "What it makes.")
    media_id = build_id_field("the file that it works on")
    params = fields.Dict(metadata={"description": "as its first run pinned them"})
    created_at = build_time_field("when it was asked for")


class ExportSchema(AnswerSchema):
    """All that is kept of a user, but for the content of files."""

    user = fields.Nested(UserSchema)
    api_keys = fields.List(fields.Nested(ApiKeySchema), metadata={"maxItems": MOST_EXPORTED})
    jobs = fields.List(fields.Nested(ExportedJobSchema), metadata={"maxItems": MOST_EXPORTED})
    files = fields.List(fields.Nested(FileSchema), metadata={"maxItems": MOST_EXPORTED})


class UserChangeSchema(RequestSchema):
    """What to change in a user; what is not named stays."""

    disabled = fields.Boolean(
        load_default=None,
        truthy={True},
        falsy={False},
        metadata={"description": "whether they are locked out"},
    )
    role = build_word_field(words.ROLES, "What they are to this house.", load_default=None)


class PageQuerySchema(RequestSchema):
    """Pages through what is listed, newest first."""

    limit = fields.Integer(
        load_default=100,
        validate=validate.Range(1, 500),
        metadata={"description": "how many at most", "format": "int32"},
    )
    before = build_id_field("the last one's of the page before", load_default=None)
