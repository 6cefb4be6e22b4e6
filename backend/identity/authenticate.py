"""Who sends a request, by the token in its Authorization header."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from backend.database.engine import Database
from backend.database.models.accounts import Role, User
from backend.errors import Unauthenticated
from backend.identity import api_keys, sessions
from backend.identity.access_tokens import AccessTokens
from backend.identity.principal import Principal, grant_scopes
from backend.identity.supabase import SupabaseTokens, SupabaseUser

SCHEME = "bearer"


@dataclass(frozen=True)
class Authenticator:
    """Knows API keys, and the tokens of those who have logged in here or, if set, at Supabase."""

    db: Database
    tokens: AccessTokens
    supabase: SupabaseTokens | None = None

    def identify(self, authorization: str) -> Principal:
        """Who it is; raises `Unauthenticated`, and `Transient` as `SupabaseTokens` does."""
        scheme, _, token = authorization.partition(" ")
        if not authorization:
            raise Unauthenticated("Send an access token or API key: Authorization: Bearer ...")
        if scheme.lower() != SCHEME or not token:
            raise Unauthenticated("Write it as in Authorization: Bearer ...")
        if token.startswith(api_keys.PREFIX):
            return api_keys.authenticate_key(self.db, token)
        if self.supabase is not None:
            return identify_supabase_user(self.db, self.supabase.verify(token))
        return sessions.authenticate_session(self.db, self.tokens.verify(token))


def identify_supabase_user(db: Database, found: SupabaseUser) -> Principal:
    """The user with this subject, made at first sight; raises `Unauthenticated` when disabled."""
    row = _read_subject(db, found.subject)
    if row is None:
        _create_subject(db, found)
        row = _read_subject(db, found.subject)
    if row is None or row.disabled_at:
        raise Unauthenticated("This user is disabled")
    return Principal(row.id, grant_scopes(Role(row.role)), session=True)


def _read_subject(db: Database, subject: str) -> Row[UUID, Role, datetime | None] | None:
    columns = select(User.id, User.role, User.disabled_at)
    with db.read() as connection:
        return connection.execute(columns.where(User.subject == subject)).one_or_none()


def _create_subject(db: Database, found: SupabaseUser) -> None:
    # Both kinds of database understand this form; of two first requests one makes the user.
    row = {"id": uuid7(), "name": found.name, "subject": found.subject, "role": Role.USER}
    with db.write() as connection:
        connection.execute(insert(User).values(row).on_conflict_do_nothing())
