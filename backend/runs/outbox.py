"""The promise that every accepted run is looked at until it ends.

A run's outbox row is written in the same commit as the run and deleted in the commit that ends
it. The API sends the first message at once; whatever becomes of that message and of the chain
behind it, the relay looks at the run when its row is due, and sends each stage that could run
but does not. So a lost message, a crash between commit and publish, a due retry and a Redis that
was down are one and the same case. Duplicates are harmless: only one claim wins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from backend.database.engine import Database, UtcDateTime, from_now
from backend.database.models.runs import Outbox, Run, StageRun
from backend.pipeline.stages import FAN_IN, Stage
from backend.pipeline.states import StageState
from backend.runs.readiness import can_start

# Between accepting a run and the relay's first look. The API tells when its own message could not
# be sent, so this is for an API that died just then, and longer than most jobs wait for a worker:
# what is looked at earlier is sent twice.
FAST_PATH_S = 10.0
BATCH = 200
# Times `redispatch_s`, by how often in a row a run was looked at in which nothing had started.
BACKOFF = case({0: 1, 1: 2}, value=Outbox.checks, else_=4)


@dataclass(frozen=True)
class Message:
    """Asks for one stage of a run, and with it for the chain that follows it."""

    job_id: UUID
    run_id: UUID
    stage: Stage
    language: str
    languages: tuple[str, ...]  # of the run, for the chains that follow `asr`
    joins: bool = False  # whether a fan-in follows these


def promise(connection: Connection, run_id: UUID) -> None:
    """Write the row of a new run."""
    connection.execute(_PROMISE, {"run_id": run_id})


_PROMISE = insert(Outbox).values(run_id=bindparam("run_id"), due_at=from_now(FAST_PATH_S))


def wake(connection: Connection, run_id: UUID, wait: float = 0.0) -> None:
    """Have the relay look at the run in `wait` seconds, or earlier if it would do so anyway."""
    _wake_runs(connection, Outbox.run_id == run_id, wait)


def wake_all(connection: Connection) -> None:
    """Have the relay look at every run at once: the broker is known to have lost its messages."""
    _wake_runs(connection, true(), 0.0)


def _wake_runs(connection: Connection, which: ColumnElement[bool], wait: float) -> None:
    then = from_now(wait)
    sooner = case((Outbox.due_at > then, then), else_=Outbox.due_at)
    connection.execute(update(Outbox).where(which).values(due_at=sooner, checks=0))


def drop(connection: Connection, run_id: UUID) -> None:
    """Forget a run that has ended."""
    connection.execute(_DROP, {"of_run": run_id})


_DROP = delete(Outbox).where(Outbox.run_id == bindparam("of_run"))


def relay(db: Database, send: Callable[[Message], None], redispatch_s: float) -> int:
    """Send what could run and does not, of all runs whose row is due; returns how much was sent.

    The rows are put off before sending, so no lock is held meanwhile; an error of `send` brings
    them forward again and is passed on.
    """
    with db.write() as connection:
        due = _take_due(connection, redispatch_s)
        messages = _read_sendable(connection, due)
    try:
        for message in messages:
            send(message)
    except Exception:
        with db.write() as connection:
            _wake_runs(connection, Outbox.run_id.in_(due), 1.0)
        raise
    return len(messages)


def read_first_messages(db: Database, run_id: UUID) -> Sequence[Message]:
    """What to send for a run that was just accepted."""
    with db.read() as connection:
        return _read_sendable(connection, [run_id])


def _take_due(connection: Connection, redispatch_s: float) -> list[UUID]:
    due = (
        select(Outbox.run_id)
        .where(Outbox.due_at <= from_now(0))
        .order_by(Outbox.due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    run_ids = list(connection.execute(due).scalars())
    if run_ids:
        _put_off(connection, run_ids, redispatch_s)
        _advance_to_retries(connection, run_ids)
    return run_ids


def _put_off(connection: Connection, run_ids: Sequence[UUID], redispatch_s: float) -> None:
    moved = exists().where(StageRun.run_id == Outbox.run_id, StageRun.started_at > Outbox.looked_at)
    later = {
        "due_at": case((moved, from_now(redispatch_s)), else_=from_now(redispatch_s * BACKOFF)),
        "checks": case((moved, 0), else_=Outbox.checks + 1),
        "looked_at": from_now(0),
    }
    connection.execute(update(Outbox).where(Outbox.run_id.in_(run_ids)).values(later))


def _advance_to_retries(connection: Connection, run_ids: Sequence[UUID]) -> None:
    retry_at = (
        select(func.min(StageRun.retry_at, type_=UtcDateTime()))
        .where(
            StageRun.run_id == Outbox.run_id,
            StageRun.state == StageState.WAITING,
            StageRun.retry_at > from_now(0),
        )
        .scalar_subquery()
    )
    connection.execute(
        update(Outbox)
        .where(Outbox.run_id.in_(run_ids), Outbox.due_at > retry_at)
        .values(due_at=retry_at)
    )


def _read_sendable(connection: Connection, run_ids: Sequence[UUID]) -> list[Message]:
    rows = connection.execute(_SENDABLE, {"run_ids": list(run_ids)})
    return [
        Message(
            *(row.job_id, row.run_id, row.stage, row.language),
            tuple(row.params["target_languages"]),
            row.joins,
        )
        for row in rows
    ]


def _select_sendable() -> Select[Any]:
    fan_in = aliased(StageRun)
    joins = exists().where(fan_in.run_id == StageRun.run_id, fan_in.stage.in_(FAN_IN))
    return (
        select(
            *(StageRun.job_id, StageRun.run_id, StageRun.stage, StageRun.language),
            Run.params,
            joins.label("joins"),
        )
        .join(Run, Run.id == StageRun.run_id)
        .where(StageRun.run_id.in_(bindparam("run_ids", expanding=True)), can_start())
    )


_SENDABLE = _select_sendable()
