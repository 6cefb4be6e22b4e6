"""A job's files and texts, gone by its user's wish; that there was a job stays told.

What stays: the job, its runs and stages with their times, providers and costs, and that its data
was deleted, and when.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select, union, update

from backend.database import row_security
from backend.database.engine import Database, from_now
from backend.database.models.idempotency import IdempotencyKey
from backend.database.models.jobs import Facet, Job, JobEvent, JobFacet, SegmentEdit
from backend.database.models.kept import KeptObject
from backend.database.models.runs import Artifact, Run, StageRun
from backend.database.models.uploads import Upload
from backend.errors import Conflict
from backend.jobs import access
from backend.runs import create, events
from backend.runs.events import Event, EventType
from backend.storage.base import BlobStore

NAMING = (Artifact, SegmentEdit, KeptObject, Upload)  # the tables that name objects
BATCH = 500


def delete_data(db: Database, store: BlobStore, user_id: UUID, job_id: UUID) -> None:
    """Delete what a job made and was told; its uploads stay, they are files of their own.

    What is kept for all jobs goes unless another one has used it. Raises `NotFound`, and
    `Conflict` while a run goes on, which would write more.
    """
    with db.write() as connection:
        job = access.read_job(connection, user_id, job_id)
        events.lock_job(connection, job_id)
        if create.find_active_run(connection, job_id) is not None:
            raise Conflict(
                "job-running",
                "A run of this job is still going on: cancel it and wait",
            )
        keys = _forget_objects(connection, job_id)
        _forget_texts(connection, job_id)
        if job.data_deleted_at is None:
            gone: dict[str, Any] = {"name": None, "labels": [], "data_deleted_at": from_now(0)}
            connection.execute(update(Job).where(Job.id == job_id).values(gone))
            events.record(connection, job_id, Event(EventType.JOB_DATA_DELETED))
    _remove_objects(db, store, job_id, keys)


def _forget_objects(connection: Connection, job_id: UUID) -> Sequence[str]:
    """Drop the rows that name the job's objects; returns the keys of what they named."""
    tables = (Artifact, SegmentEdit, KeptObject)
    named = union(*(select(one.object_key).where(one.job_id == job_id) for one in tables))
    keys = connection.execute(named).scalars().all()
    for table in tables:
        connection.execute(delete(table).where(table.job_id == job_id))
    return keys


def _forget_texts(connection: Connection, job_id: UUID) -> None:
    """Errors, warnings, glossaries and answers may hold what was said."""
    silent: dict[str, Any] = {"error": None, "warnings": [], "memo": {}}
    connection.execute(update(StageRun).where(StageRun.job_id == job_id).values(silent))
    connection.execute(update(JobEvent).where(JobEvent.job_id == job_id).values(data={}))
    connection.execute(delete(IdempotencyKey).where(IdempotencyKey.job_id == job_id))
    labels = (JobFacet.job_id == job_id, JobFacet.facet == Facet.LABEL)
    connection.execute(delete(JobFacet).where(*labels))
    for table, mine in ((Job, Job.id == job_id), (Run, Run.job_id == job_id)):
        for row in connection.execute(select(table.id, table.params).where(mine)).all():
            params: dict[str, Any] = {**row.params, "glossary": [], "voices": {}}
            connection.execute(update(table).where(table.id == row.id).values(params=params))


def _remove_objects(db: Database, store: BlobStore, job_id: UUID, keys: Sequence[str]) -> None:
    """Remove what no row names any more, and what attempts that lost their lease have left.

    Should it end half-way, what is left is nobody's and is collected by its age.
    """
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        for key in sorted(set(some) - _read_named(db, some)):
            store.delete(key)
    for key in [*_list_own(store, job_id)]:
        store.delete(key)


def _read_named(db: Database, keys: Collection[str]) -> set[str]:
    named = union(*(select(one.object_key).where(one.object_key.in_(keys)) for one in NAMING))
    # What is kept for all jobs may be used by those of other users.
    with row_security.as_system(), db.read() as connection:
        return set(connection.execute(named).scalars())


def _list_own(store: BlobStore, job_id: UUID) -> Iterator[str]:
    return (found.key for found in store.list_objects(f"jobs/{job_id}/"))
