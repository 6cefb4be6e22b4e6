"""What the stages of a run mean for its languages, and when it ends."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from backend.database.engine import Database, from_now
from backend.database.models.runs import Run, StageRun
from backend.pipeline.stages import ALL_LANGUAGES
from backend.pipeline.states import UNFINISHED, RunState, StageState, language_status, run_end
from backend.runs import events, outbox
from backend.runs import language_status as standing
from backend.runs.events import Event


def cancel_run(db: Database, job_id: UUID, run_id: UUID) -> None:
    """Ask a run to stop: what waits is cancelled now, what runs at its next heartbeat."""
    with db.write() as connection:
        events.lock_job(connection, job_id)
        asked = connection.execute(
            update(Run)
            .where(Run.id == run_id, Run.state == RunState.ACTIVE)
            .where(Run.cancel_requested_at.is_(None))
            .values(cancel_requested_at=from_now(0))
            .returning(Run.number)
        ).scalar_one_or_none()
        if asked is None:
            return
        events.record(connection, job_id, Event("run.cancel_requested", run=asked))
        update_run(connection, job_id, run_id)


def update_run(connection: Connection, job_id: UUID, run_id: UUID) -> None:
    """Bring languages and run in line with their stages; the job's row must be locked."""
    rows = _read_stages(connection, run_id)
    if rows[0].cancel_requested_at and StageState.WAITING in {row.state for row in rows}:
        _cancel_waiting(connection, run_id)
        rows = _read_stages(connection, run_id)
    asr = {row.stage: row.state for row in rows if row.language == ALL_LANGUAGES}
    languages = {row.language for row in rows} - {ALL_LANGUAGES} or {ALL_LANGUAGES}
    stood = {
        language: asr | {row.stage: row.state for row in rows if row.language == language}
        for language in languages
    }
    for language, stages in stood.items():
        standing.write(connection, run_id, language, stages)
    # Not only the languages: while a worker is at `asr`, no other run may begin.
    if not any(row.state in UNFINISHED for row in rows):
        end = run_end([language_status(stages) for stages in stood.values()])
        _end_run(connection, job_id, run_id, rows[0].number, end)


def _read_stages(connection: Connection, run_id: UUID) -> Sequence[Any]:
    return connection.execute(_STAGES, {"of_run": run_id}).all()


def _cancel_waiting(connection: Connection, run_id: UUID) -> None:
    connection.execute(
        update(StageRun)
        .where(StageRun.run_id == run_id, StageRun.state == StageState.WAITING)
        .values(state=StageState.CANCELLED, finished_at=from_now(0))
    )


def _end_run(
    connection: Connection, job_id: UUID, run_id: UUID, number: int, end: RunState
) -> None:
    connection.execute(_END_RUN, {"of_run": run_id, "end": end})
    outbox.drop(connection, run_id)
    events.record(connection, job_id, Event(f"run.{end}", run=number))


_STAGES = (
    select(
        *(StageRun.language, StageRun.stage, StageRun.state),
        *(Run.number, Run.cancel_requested_at),
    )
    .join(Run, Run.id == StageRun.run_id)
    .where(StageRun.run_id == bindparam("of_run"))
)
_END_RUN = (
    update(Run)
    .where(Run.id == bindparam("of_run"))
    .values(state=bindparam("end"), finished_at=from_now(0))
)
