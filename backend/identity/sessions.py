"""Sessions: who has logged in, each with a refresh token that works once and is then replaced.

A session's row keeps the hash of its latest refresh token. An earlier one that comes again was
copied by somebody: whoever of the two is the thief, the session ends for both. Only the one before
the latest may come again within `GRACE`, from a client that lost the answer or asked twice at once:
each token follows from the one before it, so that it is given the same pair.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, Select, bindparam, case, delete, insert, select, update
from uuid6 import uuid7

from backend.database.engine import Database, from_now
from backend.database.models.accounts import Role, Session, User
from backend.errors import Unauthenticated
from backend.identity.access_tokens import LIFE, AccessClaims, AccessTokens
from backend.identity.principal import Principal, grant_scopes
from backend.identity.secrets import build_secret, hash_secret

log = structlog.get_logger()

IDLE_LIFE = timedelta(days=30)
GRACE = timedelta(seconds=30)  # a client's time-out and one more try


@dataclass(frozen=True)
class TokenPair:
    """What a client is given; the access token works for `expires_in` seconds."""

    access_token: str
    refresh_token: str
    expires_in: int = round(LIFE.total_seconds())
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name


def start_session(connection: Connection, tokens: AccessTokens, user_id: UUID) -> TokenPair:
    """Begin a session of this user."""
    session_id, secret = uuid7(), build_secret()
    connection.execute(
        insert(Session).values(
            id=session_id,
            user_id=user_id,
            token_hash=hash_secret(secret),
            expires_at=from_now(IDLE_LIFE.total_seconds()),
        )
    )
    return _build_pair(tokens, AccessClaims(user_id, session_id), secret)


def refresh_session(db: Database, tokens: AccessTokens, refresh_token: str) -> TokenPair:
    """Replace a refresh token; raises `Unauthenticated`, which ends the session of a used one."""
    session_id, used = _split_token(refresh_token)
    following = tokens.derive_secret(used)
    with db.write() as connection:
        user_id = _replace_token(connection, session_id, used, following)
        ended = 0
        if user_id is None:
            ended = connection.execute(delete(Session).where(Session.id == session_id)).rowcount
    if user_id is None:
        if ended:
            log.warning("a refresh token came again: its session is ended", session=str(session_id))
        raise Unauthenticated("This refresh token does not work, or no longer: log in again")
    return _build_pair(tokens, AccessClaims(user_id, session_id), following)


def _replace_token(
    connection: Connection, session_id: UUID, used: str, following: str
) -> UUID | None:
    """Whose session it is; None when this token is not its latest, nor was a moment ago."""
    latest = (Session.token_hash == hash_secret(used)) & (Session.expires_at > from_now(0))
    just_replaced = (Session.token_hash == hash_secret(following)) & (
        Session.expires_at > from_now((IDLE_LIFE - GRACE).total_seconds())
    )
    found: UUID | None = connection.execute(
        update(Session)
        .where(Session.id == session_id, latest | just_replaced)
        .values(
            token_hash=hash_secret(following),
            expires_at=case(
                (just_replaced, Session.expires_at), else_=from_now(IDLE_LIFE.total_seconds())
            ),
        )
        .returning(Session.user_id)
    ).scalar_one_or_none()
    return found


def end_session(db: Database, refresh_token: str) -> None:
    """Log out; a token that does not work is no error."""
    try:
        session_id, secret = _split_token(refresh_token)
    except Unauthenticated:
        return
    mine = (Session.id == session_id) & (Session.token_hash == hash_secret(secret))
    with db.write() as connection:
        connection.execute(delete(Session).where(mine))


def end_all_sessions(connection: Connection, user_id: UUID) -> None:
    """Log a user out everywhere; access tokens stop working with their session."""
    connection.execute(delete(Session).where(Session.user_id == user_id))


def authenticate_session(db: Database, claims: AccessClaims) -> Principal:
    """Who has this session; raises `Unauthenticated` when it has ended or the user is disabled."""
    with db.read() as connection:
        role = connection.execute(_ROLE_OF_SESSION, vars(claims)).scalar_one_or_none()
    if role is None:
        raise Unauthenticated("This session has ended: log in again")
    return Principal(claims.user_id, grant_scopes(Role(role)), session=True)


def _select_role() -> Select[Any]:
    return (
        select(User.role)
        .join(Session, Session.user_id == User.id)
        .where(
            User.id == bindparam("user_id"),
            User.disabled_at.is_(None),
            Session.id == bindparam("session_id"),
            Session.expires_at > from_now(0),
        )
    )


_ROLE_OF_SESSION = _select_role()


def _build_pair(tokens: AccessTokens, claims: AccessClaims, secret: str) -> TokenPair:
    return TokenPair(tokens.build(claims), f"{claims.session_id}.{secret}")


def _split_token(refresh_token: str) -> tuple[UUID, str]:
    session_id, _, secret = refresh_token.partition(".")
    try:
        return UUID(session_id), secret
    except ValueError:
        raise Unauthenticated("This is no refresh token") from None
