"""What goes on in the whole house, for those who run it: reads only, over all users."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from backend.database.engine import Database
from backend.database.models.jobs import Job
from backend.database.models.runs import Run, StageRun
from backend.pipeline.states import StageState


def list_jobs(db: Database, *, limit: int, before: UUID | None = None) -> list[Row[Any]]:
    """Jobs, newest first, each with the state of its last run; `before` is the last id seen."""
    last = (Run.job_id == Job.id) & (Run.number == Job.last_run)
    query = (
        select(
            *(Job.id, Job.user_id, Job.kind, Job.created_at),
            *(Run.number.label("run"), Run.state.label("status")),
        )
        .join(Run, last)
        .order_by(Job.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Job.id < before)
    with db.read() as connection:
        return list(connection.execute(query))


def list_errors(
    db: Database, *, dead: bool, limit: int, before: UUID | None = None
) -> list[dict[str, Any]]:
    """The stages that ended by an error, newest first; only those out of attempts when `dead`."""
    ends = (StageState.DEAD,) if dead else (StageState.DEAD, StageState.FAILED)
    query = (
        select(
            *(StageRun.id, StageRun.job_id, Job.user_id, StageRun.stage, StageRun.language),
            *(StageRun.state, StageRun.attempt, StageRun.error, StageRun.finished_at),
        )
        .join(Job, Job.id == StageRun.job_id)
        .where(StageRun.state.in_(ends))
        .order_by(StageRun.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(StageRun.id < before)
    with db.read() as connection:
        rows = connection.execute(query).mappings()
        return [{**row, "language": row["language"] or None} for row in rows]
