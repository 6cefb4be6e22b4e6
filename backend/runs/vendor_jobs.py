"""Stages that wait for a vendor's job: woken when the vendor tells that it has ended.

Nothing depends on that: without it they look again by themselves, later.
"""

from sqlalchemy import ColumnElement, String, cast, select, update

from backend.database.engine import Database, from_now
from backend.database.models.runs import Outbox, StageRun
from backend.pipeline.states import StageState
from backend.runs import outbox


def wake_stage(db: Database, job_id: str) -> StageState | None:
    """Have the stage that remembers this job look at it now.

    Returns the state it was in, None where no run that goes on has such a stage. Only one that
    waits can be woken.
    """
    with db.write() as connection:
        row = connection.execute(
            select(StageRun.id, StageRun.run_id, StageRun.state).where(_remembers(job_id))
        ).first()
        if row is None:
            return None
        if row.state is StageState.WAITING:
            connection.execute(
                update(StageRun)
                .where(StageRun.id == row.id, StageRun.state == StageState.WAITING)
                .values(retry_at=from_now(0))
            )
            outbox.wake(connection, row.run_id)
        return StageState(row.state)


def _remembers(job_id: str) -> ColumnElement[bool]:
    """A job that a provider remembers is JSON within the memo's JSON: its quotes are escaped."""
    told = cast(StageRun.memo, String).contains(f'\\"id\\": \\"{job_id}\\"', autoescape=True)
    return StageRun.run_id.in_(select(Outbox.run_id)) & told
