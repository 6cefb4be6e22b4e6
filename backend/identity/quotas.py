"""How much each user may have: what the settings say, unless an admin has said otherwise.

What is used is counted from the rows of files and jobs when it is needed, so that nothing has to be
kept in step. A limit of 0 is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, case, func, select, update

from backend.database import row_security
from backend.database.engine import Database
from backend.database.models.accounts import User
from backend.database.models.jobs import Facet, Job, JobFacet
from backend.database.models.runs import Artifact
from backend.database.models.uploads import Upload
from backend.errors import NotFound, QuotaExceeded
from backend.pipeline.states import RunState
from backend.settings import Settings
from backend.uploads.receive import SizeLimit, check_size


@dataclass(frozen=True)
class Quotas:
    """What a user may have; 0 is any."""

    max_upload_bytes: int
    minutes_per_month: float
    concurrent_jobs: int
    storage_bytes: int


@dataclass(frozen=True)
class Usage:
    """What a user has of it; minutes are those of the calendar month until `resets_at` (UTC)."""

    minutes_per_month: float
    concurrent_jobs: int
    storage_bytes: int
    resets_at: datetime


def read_quotas(db: Database, user_id: UUID, settings: Settings) -> Quotas:
    """What a user may have; raises `NotFound` for nobody."""
    defaults = Quotas(
        max_upload_bytes=settings.max_upload_bytes,
        minutes_per_month=settings.quota_minutes_per_month,
        concurrent_jobs=settings.quota_concurrent_jobs,
        storage_bytes=settings.quota_storage_bytes,
    )
    return replace(defaults, **read_own(db, user_id))


def read_own(db: Database, user_id: UUID) -> dict[str, Any]:
    """Those that differ from the settings'; raises `NotFound` for nobody."""
    with row_security.as_system(), db.read() as connection:
        found = connection.execute(select(User.quotas).where(User.id == user_id)).one_or_none()
    if found is None:
        raise NotFound(f"There is no user {user_id}")
    return found.quotas or {}


def set_quotas(db: Database, user_id: UUID, own: Mapping[str, float]) -> None:
    """Let a user have these; those that are not named are the settings'."""
    with db.write() as connection:
        changed = update(User).where(User.id == user_id).values(quotas=dict(own) or None)
        if not connection.execute(changed).rowcount:
            raise NotFound(f"There is no user {user_id}")


def read_usage(connection: Connection, user_id: UUID) -> Usage:
    """What a user has."""
    now = datetime.now(UTC)
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Usage(
        minutes_per_month=_count_minutes(connection, user_id, begun),
        concurrent_jobs=_count_jobs(connection, user_id),
        storage_bytes=_count_bytes(connection, user_id),
        resets_at=begun.replace(year=now.year + now.month // 12, month=now.month % 12 + 1),
    )


def allow_upload(db: Database, user_id: UUID, quotas: Quotas, size: int | None) -> SizeLimit:
    """How many bytes a file may have, whose size may not be known yet.

    Raises `LimitExceeded` for a file that is too large, `QuotaExceeded` without room for it.
    """
    limit = SizeLimit("MAX_UPLOAD_BYTES", quotas.max_upload_bytes)
    check_size(size, limit)
    if not quotas.storage_bytes:
        return limit
    with db.read() as connection:
        used = _count_bytes(connection, user_id)
    left = quotas.storage_bytes - used
    if left < max(size or 1, 1):
        raise QuotaExceeded("storageBytes", limit=quotas.storage_bytes, used=used)
    return min(limit, SizeLimit("storageBytes", left), key=lambda one: one.bytes)


def admit_job(
    connection: Connection, user_id: UUID, quotas: Quotas, *, duration: float, languages: int
) -> None:
    """Raise `QuotaExceeded` when a user may have no further job of so many seconds.

    The transaction is to write that job: those of a user wait for each other.
    """
    admit_run(connection, user_id, quotas)
    admit_minutes(connection, user_id, quotas, duration / 60 * max(languages, 1))


def admit_minutes(connection: Connection, user_id: UUID, quotas: Quotas, asked: float) -> None:
    """Raise `QuotaExceeded` when a user has fewer minutes left; after `admit_run`."""
    if not quotas.minutes_per_month or not asked:
        return
    usage = read_usage(connection, user_id)
    if usage.minutes_per_month + asked > quotas.minutes_per_month:
        raise QuotaExceeded(
            "minutesPerMonth",
            limit=quotas.minutes_per_month,
            used=usage.minutes_per_month,
            resets_at=usage.resets_at,
        )


def admit_run(connection: Connection, user_id: UUID, quotas: Quotas) -> None:
    """Raise `QuotaExceeded` while as many jobs of a user run as may; as `admit_job` does."""
    if connection.dialect.name == "postgresql":
        # SQLite lets one transaction write at a time anyway.
        turn = func.pg_advisory_xact_lock(func.hashtextextended(str(user_id), 0))
        connection.execute(select(turn))
    running = _count_jobs(connection, user_id)
    if 0 < quotas.concurrent_jobs <= running:
        raise QuotaExceeded("concurrentJobs", limit=quotas.concurrent_jobs, used=running)


def _count_minutes(connection: Connection, user_id: UUID, begun: datetime) -> float:
    """A dub counts its recording once for each language, whatever became of it."""
    of_job = (JobFacet.job_id == Job.id, JobFacet.facet == Facet.LANGUAGE)
    languages = select(func.count()).where(*of_job).correlate(Job).scalar_subquery()
    seconds = func.sum(Upload.duration * case((languages > 1, languages), else_=1))
    query = select(seconds).join(Job, Job.media_id == Upload.id)
    mine = query.where(Job.user_id == user_id, Job.created_at >= begun)
    return float(connection.execute(mine).scalar_one() or 0) / 60


def _count_jobs(connection: Connection, user_id: UUID) -> int:
    running = select(func.count()).where(Job.user_id == user_id, Job.status == RunState.RUNNING)
    return connection.execute(running).scalar_one()


def _count_bytes(connection: Connection, user_id: UUID) -> int:
    """Files, those that are coming in parts, and what jobs made; what runs share counts once."""
    coming = Upload.completed_at.is_not(None) | Upload.multipart_id.is_not(None)
    sizes = func.coalesce(Upload.size, Upload.expected_size)
    mine = (Upload.user_id == user_id, Upload.deleted_at.is_(None), coming)
    files = connection.execute(select(func.sum(sizes)).where(*mine)).scalar_one()
    made = (
        select(Artifact.object_key, Artifact.size)
        .join(Job, Job.id == Artifact.job_id)
        .where(Job.user_id == user_id)
        .distinct()
        .subquery()
    )
    return int(files or 0) + int(
        connection.execute(select(func.sum(made.c.size))).scalar_one() or 0
    )
