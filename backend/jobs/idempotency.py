"""Keys under which clients ask, so that a request whose answer was lost can be sent again."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from backend.database.engine import Database, from_now
from backend.database.models.idempotency import IdempotencyKey
from backend.errors import Conflict, Invalid

KEPT_S = 48 * 3600.0
# Longer than any request takes: by then its process is dead, and it has made nothing.
ABANDONED_S = 900.0
LONGEST_KEY = 255


@dataclass(frozen=True)
class KeptAnswer:
    """How a request was answered."""

    status: int
    body: Any
    location: str | None


@dataclass(frozen=True)
class ClaimedKey:
    """A key under which this request, and no other one, is being done."""

    user_id: UUID
    key: str

    def name_job(self, connection: Connection, job_id: UUID) -> None:
        """Write down, in the commit that makes it, which job the request has made or started."""
        connection.execute(update(IdempotencyKey).where(*self._mine).values(job_id=job_id))

    def keep_answer(self, db: Database, answer: KeptAnswer) -> None:
        """Answer like this from now on."""
        with db.write() as connection:
            kept = update(IdempotencyKey).where(*self._mine).values(answer=vars(answer))
            connection.execute(kept)

    def release(self, db: Database) -> None:
        """Let the key be used again, after a request that has made nothing."""
        with db.write() as connection:
            nothing = IdempotencyKey.job_id.is_(None)
            connection.execute(delete(IdempotencyKey).where(*self._mine, nothing))

    @property
    def _mine(self) -> tuple[Any, ...]:
        return IdempotencyKey.user_id == self.user_id, IdempotencyKey.key == self.key


def compute_fingerprint(method: str, path: str, body: Any) -> str:
    """What two requests have in common that are the same; members of objects have no order."""
    text = json.dumps([method, path, body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def claim_key(
    db: Database, user_id: UUID, key: str, fingerprint: str
) -> ClaimedKey | KeptAnswer | UUID:
    """Claim a key; or the answer that was given under it, or the job where none was given.

    Raises `Invalid` for another request under the same key, `Conflict` while the first one is
    being done.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid("Idempotency-Key", f"has 1 to {LONGEST_KEY} characters that can be seen")
    _forget_old(db, user_id)
    row = {"user_id": user_id, "key": key, "fingerprint": fingerprint}
    try:
        with db.write() as connection:
            connection.execute(insert(IdempotencyKey).values(row))
    except IntegrityError:
        with db.read() as connection:
            known = _read(connection, user_id, key)
        return _judge(known, fingerprint)
    return ClaimedKey(user_id, key)


def _judge(known: Row[Any] | None, fingerprint: str) -> KeptAnswer | UUID:
    if known is not None and known.fingerprint != fingerprint:
        raise Invalid("Idempotency-Key", "was used for another request: make a new one for this")
    if known is not None and known.answer is not None:
        return KeptAnswer(**known.answer)
    if known is not None and known.job_id is not None:
        job_id: UUID = known.job_id
        return job_id
    raise Conflict(
        "request-in-flight", "The first request under this key is still being done: wait for it"
    )


def _read(connection: Connection, user_id: UUID, key: str) -> Row[Any] | None:
    mine = (IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    return connection.execute(select(IdempotencyKey.__table__).where(*mine)).one_or_none()


def _forget_old(db: Database, user_id: UUID) -> None:
    """Drop this user's keys that are old, or were left by a process that died."""
    unmade = IdempotencyKey.job_id.is_(None) & IdempotencyKey.answer.is_(None)
    old = (IdempotencyKey.created_at < from_now(-KEPT_S)) | (
        unmade & (IdempotencyKey.created_at < from_now(-ABANDONED_S))
    )
    mine = IdempotencyKey.user_id == user_id
    with db.read() as connection:
        some = connection.execute(select(IdempotencyKey.key).where(mine, old).limit(1)).first()
    if some is not None:
        with db.write() as connection:
            connection.execute(delete(IdempotencyKey).where(mine, old))
