"""API keys, for programs: shown once; only a hash and the beginning are kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, or_, select, update
from uuid6 import uuid7

from backend.database.engine import Database, UtcDateTime, from_now
from backend.database.models.accounts import ApiKey, Role, User
from backend.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from backend.identity.principal import Principal, Scope, grant_scopes
from backend.identity.secrets import build_secret, hash_secret

# Tells scanners for leaked secrets, and whoever finds one, whose it is.
PREFIX = "dub_"
SHOWN = len(PREFIX) + 8
MOST = 50
# Last use is a hint to people: no write for each request.
USE_NOTED_S = 60


@dataclass(frozen=True)
class NewApiKey:
    """A key as it was made: `secret` is shown this once."""

    id: UUID
    secret: str


def create_key(
    db: Database,
    owner: Principal,
    *,
    name: str,
    scopes: frozenset[Scope],
    expires_at: datetime | None = None,
) -> NewApiKey:
    """Make a key; raises `Invalid`, `Forbidden` for a scope its owner has not, and `Conflict`."""
    if not scopes <= owner.scopes:
        missing = ", ".join(sorted(scopes - owner.scopes))
        raise Forbidden("insufficient-scope", f"You cannot give what you have not: {missing}")
    key = NewApiKey(uuid7(), PREFIX + build_secret())
    mine = (ApiKey.user_id == owner.user_id) & ApiKey.revoked_at.is_(None)
    with db.write() as connection:
        now = connection.execute(select(from_now(0))).scalar_one()
        if expires_at is not None and expires_at <= now:
            raise Invalid("expiresAt", "is over already")
        if connection.execute(select(func.count()).where(mine)).scalar_one() >= MOST:
            raise Conflict("too-many-keys", f"A user has at most {MOST} keys: revoke one first")
        row = {
            "id": key.id,
            "user_id": owner.user_id,
            "name": name,
            "prefix": key.secret[:SHOWN],
            "key_hash": hash_secret(key.secret),
            "scopes": sorted(scopes),
            "expires_at": expires_at,
        }
        connection.execute(insert(ApiKey), row)
    return key


def list_keys(db: Database, user_id: UUID) -> list[Row[Any]]:
    """A user's keys, newest first, also those that expired or were revoked."""
    mine = select(ApiKey.__table__).where(ApiKey.user_id == user_id).order_by(ApiKey.id.desc())
    with db.read() as connection:
        return list(connection.execute(mine))


def revoke_key(db: Database, user_id: UUID, key_id: UUID) -> None:
    """Let a key work no more, from now on; raises `NotFound`, also for somebody else's."""
    mine = (ApiKey.id == key_id) & (ApiKey.user_id == user_id)
    when = func.coalesce(ApiKey.revoked_at, from_now(0), type_=UtcDateTime())
    with db.write() as connection:
        if not connection.execute(update(ApiKey).where(mine).values(revoked_at=when)).rowcount:
            raise NotFound(f"There is no key {key_id}")


def authenticate_key(db: Database, secret: str) -> Principal:
    """For whom a key acts; raises `Unauthenticated` for one that does not work, or no longer."""
    with db.read() as connection:
        row = connection.execute(_USABLE, {"hash": hash_secret(secret)}).one_or_none()
    if row is None:
        raise Unauthenticated("This API key does not work, or no longer")
    if row.use_is_old:
        used = update(ApiKey).where(ApiKey.id == row.id).values(last_used_at=from_now(0))
        with db.write() as connection:
            connection.execute(used)
    scopes = grant_scopes(Role(row.role), frozenset(map(Scope, row.scopes)))
    return Principal(row.user_id, scopes)


_USABLE = (
    select(
        *(ApiKey.id, ApiKey.user_id, ApiKey.scopes, User.role),
        or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < from_now(-USE_NOTED_S)).label(
            "use_is_old"
        ),
    )
    .join(User, User.id == ApiKey.user_id)
    .where(
        ApiKey.key_hash == bindparam("hash"),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > from_now(0)),
        User.disabled_at.is_(None),
    )
)
