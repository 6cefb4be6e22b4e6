"""Share links: a job's watch files for whoever has the link, until it expires or is revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, update
from uuid6 import uuid7

from backend.database.engine import Database, UtcDateTime, from_now
from backend.database.models.jobs import Job, ShareLink
from backend.errors import Conflict, NotFound
from backend.identity.secrets import build_secret, hash_secret
from backend.jobs.access import read_job

MOST = 100


@dataclass(frozen=True)
class NewShareLink:
    """A link as it was made: `token` is shown this once."""

    id: UUID
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class SharedJob:
    """Whose job a link shows."""

    user_id: UUID
    job_id: UUID
    expires_at: datetime


def create_link(db: Database, user_id: UUID, job_id: UUID, life: timedelta) -> NewShareLink:
    """Make a link; raises `NotFound`, also for somebody else's job, and `Conflict` at `MOST`."""
    token, link_id = build_secret(), uuid7()
    usable = (ShareLink.job_id == job_id) & ShareLink.revoked_at.is_(None)
    with db.write() as connection:
        read_job(connection, user_id, job_id)
        if connection.execute(select(func.count()).where(usable)).scalar_one() >= MOST:
            raise Conflict("too-many-links", f"A job has at most {MOST} links: revoke one first")
        row = {
            "id": link_id,
            "job_id": job_id,
            "token_hash": hash_secret(token),
            "expires_at": from_now(life.total_seconds()),
        }
        made = insert(ShareLink).values(row).returning(ShareLink.expires_at)
        expires_at = connection.execute(made).scalar_one()
    return NewShareLink(link_id, token, expires_at)


def list_links(db: Database, user_id: UUID, job_id: UUID) -> list[Row[Any]]:
    """A job's links, newest first, also those that work no more."""
    mine = select(ShareLink.__table__).where(ShareLink.job_id == job_id)
    with db.read() as connection:
        read_job(connection, user_id, job_id)
        return list(connection.execute(mine.order_by(ShareLink.id.desc())))


def revoke_link(db: Database, user_id: UUID, job_id: UUID, link_id: UUID) -> None:
    """Let a link work no more; what is being watched by it goes on until its URLs expire."""
    this = (ShareLink.id == link_id) & (ShareLink.job_id == job_id)
    when = func.coalesce(ShareLink.revoked_at, from_now(0), type_=UtcDateTime())
    with db.write() as connection:
        read_job(connection, user_id, job_id)
        if not connection.execute(update(ShareLink).where(this).values(revoked_at=when)).rowcount:
            raise NotFound(f"There is no link {link_id}")


def open_link(db: Database, token: str) -> SharedJob:
    """What a link shows; raises `NotFound` for one that does not work, or no longer."""
    with db.read() as connection:
        row = connection.execute(_USABLE, {"hash": hash_secret(token)}).one_or_none()
    if row is None:
        raise NotFound("This link does not work, or no longer: ask for a new one")
    return SharedJob(row.user_id, row.job_id, row.expires_at)


_USABLE = (
    select(ShareLink.job_id, ShareLink.expires_at, Job.user_id)
    .join(Job, Job.id == ShareLink.job_id)
    .where(
        ShareLink.token_hash == bindparam("hash"),
        ShareLink.revoked_at.is_(None),
        ShareLink.expires_at > from_now(0),
    )
)
