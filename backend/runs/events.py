"""The history of a job: append-only, numbered without gaps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Insert,
    bindparam,
    insert,
    select,
    true,
    update,
)

from backend.database.models.jobs import Job, JobEvent


class EventType(StrEnum):
    """What can happen to a job."""

    JOB_CREATED = "job.created"
    JOB_DATA_DELETED = "job.data_deleted"
    SEGMENT_EDITED = "segment.edited"
    RUN_CREATED = "run.created"
    RUN_CANCEL_REQUESTED = "run.cancel_requested"
    RUN_SUCCEEDED = "run.succeeded"
    RUN_PARTIAL = "run.partial"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"
    STAGE_STARTED = "stage.started"
    STAGE_SUCCEEDED = "stage.succeeded"
    STAGE_RETRYING = "stage.retrying"
    STAGE_FAILED = "stage.failed"
    STAGE_DEAD = "stage.dead"
    STAGE_CANCELLED = "stage.cancelled"
    STAGE_SKIPPED = "stage.skipped"
    STAGE_HANDED_BACK = "stage.handed_back"


@dataclass(frozen=True)
class Event:
    """Something that happened; cost fields only where a provider was paid."""

    type: EventType
    run: int | None = None
    stage: str | None = None
    language: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    provider: str | None = None
    model: str | None = None
    units: float | None = None
    unit: str | None = None
    cost_usd: float | None = None


def lock_job(connection: Connection, job_id: UUID) -> None:
    """Take the job's row, as every transaction that changes stage state does before all else.

    One order of locks, so no deadlock, and no two transactions that each think the other is
    unfinished. (SQLite's write transactions have the whole database to themselves.)
    """
    connection.execute(select(Job.id).where(Job.id == job_id).with_for_update())


def record(connection: Connection, job_id: UUID, event: Event) -> None:
    """Write an event under the job's next number; this too takes the job's row."""
    row = {**vars(event), "data": dict(event.data), "job_id": job_id}
    if connection.dialect.name == "sqlite":
        seq = connection.execute(_NUMBER, {"job_id": job_id}).scalar_one()
        connection.execute(insert(JobEvent), {**row, "seq": seq})
        return
    # In one statement, which SQLite does not know: this is on every stage's way.
    connection.execute(_RECORD, row)


def build_event_insert(changed: CTE, values: Mapping[str, ColumnElement[Any]]) -> CTE:
    """An event of the job that `changed` names, as part of the statement that changes it.

    For Postgres only. The job's row must be locked by that statement.
    """
    numbered = (
        update(Job)
        .where(Job.id == changed.c.job_id)
        .values(event_seq=Job.event_seq + 1)
        .returning(Job.event_seq)
        .cte("numbered")
    )
    row = select(changed.c.job_id, numbered.c.event_seq, *values.values()).select_from(
        changed.join(numbered, true())
    )
    return insert(JobEvent).from_select(["job_id", "seq", *values], row).cte("event")


_NUMBER = (
    update(Job)
    .where(Job.id == bindparam("job_id"))
    .values(event_seq=Job.event_seq + 1)
    .returning(Job.event_seq)
)


def _build_record() -> Insert:
    numbered = _NUMBER.cte("numbered")
    names = ["job_id", *(field.name for field in fields(Event))]
    values = [bindparam(name, type_=JobEvent.__table__.c[name].type) for name in names]
    return insert(JobEvent).from_select([*names, "seq"], select(*values, numbered.c.event_seq))


_RECORD = _build_record()
