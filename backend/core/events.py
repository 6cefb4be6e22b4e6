"""The history of a job: append-only, numbered without gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, update

from backend.core.models import Job, JobEvent


@dataclass(frozen=True)
class Event:
    """Something that happened; cost fields only where a provider was paid."""

    type: str
    run: int | None = None
    stage: str | None = None
    language: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    provider: str | None = None
    model: str | None = None
    units: float | None = None
    unit: str | None = None
    cost_usd: float | None = None


def lock_job(connection: Connection, job_id: UUID, events: int) -> int:
    """Take the job's row and reserve so many event numbers; returns the first of them.

    Every transaction that changes stage state calls this before anything else: one order of
    locks, so no deadlock, and no two transactions that each think the other is unfinished.
    """
    reserve = (
        update(Job)
        .where(Job.id == job_id)
        .values(event_seq=Job.event_seq + events)
        .returning(Job.event_seq)
    )
    return connection.execute(reserve).scalar_one() - events + 1


def append(connection: Connection, job_id: UUID, first: int, events: Sequence[Event]) -> None:
    """Write events under the numbers that `lock_job` reserved."""
    rows = [
        {**asdict(event), "data": dict(event.data), "job_id": job_id, "seq": first + offset}
        for offset, event in enumerate(events)
    ]
    connection.execute(insert(JobEvent), rows)
