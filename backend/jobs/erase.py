"""All of a user's jobs and files: told to them, and removed for good."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from backend.database.engine import Database
from backend.database.models.idempotency import IdempotencyKey
from backend.database.models.jobs import (
    EventTicket,
    Job,
    JobEvent,
    JobFacet,
    SegmentEdit,
    ShareLink,
)
from backend.database.models.kept import KeptObject
from backend.database.models.runs import Artifact, Outbox, Run, StageRun
from backend.database.models.uploads import Upload


def export_jobs(db: Database, user_id: UUID) -> dict[str, Any]:
    """The user's `jobs` as they were asked for, and the `files` that were sent."""
    jobs = select(Job.__table__).where(Job.user_id == user_id).order_by(Job.id)
    files = select(Upload.__table__).where(Upload.user_id == user_id).order_by(Upload.id)
    with db.read() as connection:
        return {
            "jobs": [dict(row) for row in connection.execute(jobs).mappings()],
            "files": [dict(row) for row in connection.execute(files).mappings()],
        }


def erase_jobs(db: Database, user_id: UUID) -> None:
    """Remove every row of the user's jobs and files.

    A worker that is busy with one loses its lease by that. Objects that no row names any more are
    removed from storage as all others are (retention/garbage.py).
    """
    jobs = select(Job.id).where(Job.user_id == user_id)
    runs = select(Run.id).where(Run.job_id.in_(jobs))
    with db.write() as connection:
        # Whoever changes the state of a job's stages takes this lock first.
        connection.execute(jobs.with_for_update()).all()
        connection.execute(delete(IdempotencyKey).where(IdempotencyKey.user_id == user_id))
        connection.execute(delete(Outbox).where(Outbox.run_id.in_(runs)))
        named = (Artifact, JobFacet, KeptObject, ShareLink, EventTicket, SegmentEdit)
        for table in (*named, JobEvent, StageRun, Run):
            connection.execute(delete(table).where(table.job_id.in_(jobs)))
        for owned in (Job, Upload):
            connection.execute(delete(owned).where(owned.user_id == user_id))
