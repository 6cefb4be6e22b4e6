"""What the ends of its stages mean for a run: what can no longer happen, and when it is over."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, true, update

from backend.database.engine import Database, from_now
from backend.database.models.jobs import Job
from backend.database.models.runs import Run, StageRun
from backend.pipeline.stages import ALL_LANGUAGES, FAN_IN, PER_LANGUAGE
from backend.pipeline.states import (
    UNFINISHED,
    RunState,
    StageState,
    compute_language_status,
    compute_run_end,
)
from backend.runs import events, outbox
from backend.runs.events import Event, EventType


def cancel_run(db: Database, job_id: UUID, run_id: UUID) -> None:
    """Ask a run to stop: what waits is cancelled now, what runs at its next heartbeat."""
    with db.write() as connection:
        events.lock_job(connection, job_id)
        asked = connection.execute(
            update(Run)
            .where(Run.id == run_id, Run.state == RunState.RUNNING)
            .where(Run.cancel_requested_at.is_(None))
            .values(cancel_requested_at=from_now(0))
            .returning(Run.number)
        ).scalar_one_or_none()
        if asked is None:
            return
        events.record(connection, job_id, Event(EventType.RUN_CANCEL_REQUESTED, run=asked))
        update_run(connection, job_id, run_id)


def update_run(connection: Connection, job_id: UUID, run_id: UUID) -> None:
    """Bring a run in line with its stages; the job's row must be locked."""
    rows = _read_stages(connection, run_id)
    number = rows[0].number
    waiting = {row.stage for row in rows if row.state is StageState.WAITING}
    if rows[0].cancel_requested_at and waiting:
        end_waiting(connection, job_id, run_id, StageState.CANCELLED, number=number)
        rows = _read_stages(connection, run_id)
    elif waiting and waiting <= set(FAN_IN):
        _go_on_to_fan_in(connection, job_id, run_id, rows)
        rows = _read_stages(connection, run_id)
    # Not only the languages: while a worker is at `asr`, no other run may begin.
    if not any(row.state in UNFINISHED for row in rows):
        _end_run(connection, job_id, run_id, number, _compute_end(rows))


def end_waiting(
    connection: Connection,
    job_id: UUID,
    run_id: UUID,
    state: StageState,
    which: ColumnElement[bool] | None = None,
    *,
    number: int,
) -> None:
    """End the stages that wait, or `which` of them, in this state, each with an event."""
    ended = connection.execute(
        update(StageRun)
        .where(StageRun.run_id == run_id, StageRun.state == StageState.WAITING)
        .where(true() if which is None else which)
        .values(state=state, finished_at=from_now(0))
        .returning(StageRun.stage, StageRun.language)
    ).all()
    for stage, language in ended:
        kind = EventType(f"stage.{state}")
        event = Event(kind, run=number, stage=stage, language=language or None)
        events.record(connection, job_id, event)


def _go_on_to_fan_in(
    connection: Connection, job_id: UUID, run_id: UUID, rows: Sequence[Any]
) -> None:
    """Nothing else waits: send for it, or skip it where there is nothing to put together."""
    if any(row.state in UNFINISHED for row in rows if row.stage not in FAN_IN):
        return
    if connection.execute(_COMPLETE, {"of_job": job_id}).scalar_one() > 1:
        outbox.wake(connection, run_id)
    else:
        number = rows[0].number
        end_waiting(connection, job_id, run_id, StageState.SKIPPED, number=number)


# The languages of which any run of the job has a result.
_COMPLETE = select(func.count(StageRun.language.distinct())).where(
    StageRun.job_id == bindparam("of_job"),
    StageRun.stage == PER_LANGUAGE[-1],
    StageRun.state == StageState.SUCCEEDED,
)


def _compute_end(rows: Sequence[Any]) -> RunState:
    once = {row.stage: row.state for row in rows if row.language == ALL_LANGUAGES}
    fan_in = [once.pop(stage) for stage in FAN_IN if stage in once]
    languages = {row.language for row in rows} - {ALL_LANGUAGES} or {ALL_LANGUAGES}
    statuses = [
        compute_language_status(
            once | {row.stage: row.state for row in rows if row.language == language}
        )
        for language in languages
    ]
    return compute_run_end(statuses, fan_in)


def _read_latest(connection: Connection, job_id: UUID) -> Sequence[Any]:
    """For each stage and language the marker of the latest run that has it."""
    rows = connection.execute(_ALL_STAGES, {"of_job": job_id})
    return [*{(row.stage, row.language): row for row in rows}.values()]


def _read_stages(connection: Connection, run_id: UUID) -> Sequence[Any]:
    return connection.execute(_STAGES, {"of_run": run_id}).all()


def _end_run(
    connection: Connection, job_id: UUID, run_id: UUID, number: int, end: RunState
) -> None:
    connection.execute(_END_RUN, {"of_run": run_id, "end": end})
    # A further run need not have had all languages: the job's end is that of all of them.
    whole = end if number == 1 else _compute_end(_read_latest(connection, job_id))
    connection.execute(_END_JOB, {"of_job": job_id, "end": whole})
    outbox.drop(connection, run_id)
    events.record(connection, job_id, Event(EventType(f"run.{end}"), run=number))


_STAGES = (
    select(
        *(StageRun.language, StageRun.stage, StageRun.state),
        *(Run.number, Run.cancel_requested_at),
    )
    .join(Run, Run.id == StageRun.run_id)
    .where(StageRun.run_id == bindparam("of_run"))
)
_ALL_STAGES = (
    select(StageRun.language, StageRun.stage, StageRun.state)
    .join(Run, Run.id == StageRun.run_id)
    .where(StageRun.job_id == bindparam("of_job"))
    .order_by(Run.number, StageRun.id)
)
_END_JOB = update(Job).where(Job.id == bindparam("of_job")).values(status=bindparam("end"))
_END_RUN = (
    update(Run)
    .where(Run.id == bindparam("of_run"))
    .values(state=bindparam("end"), finished_at=from_now(0))
)
