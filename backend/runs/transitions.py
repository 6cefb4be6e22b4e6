"""How work on a stage ends: succeeded, to be tried again, given up, cancelled; and with it a run.

Together with leases.py the only writer of stage state. Each function takes the job's row first
(see events.lock_job), then writes under the claim's fence; a lost fence rolls everything back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Result, bindparam, insert, select, update
from sqlalchemy.orm import aliased

from backend.artifacts import multilingual
from backend.database.engine import Database, from_now
from backend.database.models.runs import Artifact, Run, StageRun
from backend.errors import LeaseLost, Outdated
from backend.pipeline.files import FileRef
from backend.pipeline.retry import Again, GiveUp
from backend.pipeline.stages import ALL_LANGUAGES, Stage, stages_of
from backend.pipeline.states import StageState
from backend.runs import events, outbox
from backend.runs import language_status as standing
from backend.runs.completion import update_run
from backend.runs.events import Event
from backend.runs.leases import HELD, Claim, Lease, fenced, held_by, of_run


@dataclass(frozen=True)
class NewArtifact:
    """An object that is in storage already and becomes an artifact with its stage's success."""

    kind: str
    file: FileRef
    meta: Mapping[str, Any] = field(default_factory=dict)
    joint: bool = False  # of all languages, not of the stage's


@dataclass(frozen=True)
class Success:
    """What a stage made, by whom, and at what cost.

    If it `joins` languages, the file of all that are complete has to be there when it ends.
    """

    artifacts: Sequence[NewArtifact]
    input_key: str
    provider: str
    model: str
    units: float = 0.0
    unit: str = ""
    cost_usd: float = 0.0
    warnings: Sequence[str] = ()
    joins: bool = False


def succeed(db: Database, claim: Claim, success: Success) -> None:
    """Write the stage's progress marker and its artifacts.

    Raises `LeaseLost`, and `Outdated` when the file of all languages is of other ones than are
    complete now; then nothing is written.
    """
    with db.write() as connection:
        events.record(connection, claim.job_id, _succeeded(claim, success))
        written = connection.execute(_SUCCEED, {**held_by(claim), **_marker(success)})
        cancelling = _cancelling(written, claim)
        if success.artifacts:
            connection.execute(insert(Artifact), [_row(claim, a) for a in success.artifacts])
        if success.joins and not multilingual.complete(connection, claim.job_id):
            raise Outdated("Another language was completed meanwhile")
        last = cancelling or claim.stage is stages_of(claim.params.kind)[-1]
        if last or not standing.move_on(connection, claim.run_id, claim.language, claim.stage):
            update_run(connection, claim.job_id, claim.run_id)


def fail(db: Database, claim: Lease, error: Mapping[str, Any], decision: Again | GiveUp) -> None:
    """Write an attempt's failure and what follows from it; raises `LeaseLost`.

    `error` is what the user is shown: `kind` and `message` at least. What the attempt bought is
    kept for the next one, so what it spent counts all the same.
    """
    with db.write() as connection:
        events.record(connection, claim.job_id, _failed(claim, error, decision))
        if isinstance(decision, Again):
            _try_again(connection, claim, error, decision)
        else:
            _give_up(connection, claim, error, decision)
        update_run(connection, claim.job_id, claim.run_id)


def cancelled(db: Database, claim: Lease) -> None:
    """Write that the stage has stopped because its run was cancelled; raises `LeaseLost`."""
    with db.write() as connection:
        events.record(connection, claim.job_id, Event("stage.cancelled", **_unfinished(claim)))
        _end_stage(connection, claim, state=StageState.CANCELLED)
        update_run(connection, claim.job_id, claim.run_id)


def hand_back(db: Database, claim: Lease) -> None:
    """Give up unfinished work, say at shutdown: it waits again and no attempt is used up.

    Raises `LeaseLost`.
    """
    with db.write() as connection:
        events.record(connection, claim.job_id, Event("stage.handed_back", **_unfinished(claim)))
        _wait_again(connection, claim, attempt=claim.attempt - 1)
        outbox.wake(connection, claim.run_id)
        update_run(connection, claim.job_id, claim.run_id)


def exporting(db: Database, claim: Claim) -> None:
    """Show that a language's mix is done and its files are being stored; raises `LeaseLost`."""
    with db.write() as connection:
        if not connection.execute(_MIXED, held_by(claim)).rowcount:
            raise LeaseLost(f"{claim.stage} was taken over by another worker")
        standing.exporting(connection, claim.run_id, claim.language)


def _end_stage(connection: Connection, claim: Lease, **values: Any) -> bool:
    """Write under the fence; returns whether the run is being cancelled."""
    cost = StageRun.cost_usd + claim.spent
    values = {"finished_at": from_now(0), "lease_until": None, "cost_usd": cost, **values}
    end = update(StageRun).where(fenced(claim)).values(values)
    return _cancelling(connection.execute(end.returning(of_run(Run.cancel_requested_at))), claim)


def _cancelling(written: Result[Any], claim: Lease) -> bool:
    row = written.one_or_none()
    if row is None:
        raise LeaseLost(f"{claim.stage} was taken over by another worker")
    return row[0] is not None


def _wait_again(connection: Connection, claim: Lease, **values: Any) -> None:
    waiting = {"state": StageState.WAITING, "owner": None, "finished_at": None, "progress": 0.0}
    _end_stage(connection, claim, **waiting, **values)


def _try_again(
    connection: Connection, claim: Lease, error: Mapping[str, Any], again: Again
) -> None:
    tally = {
        "attempt": claim.attempt if again.counts else claim.attempt - 1,
        "limited": again.limited,
        "limited_s": again.waited,
    }
    wait = from_now(again.wait)
    _wait_again(connection, claim, error=dict(error), retry_at=wait, **tally)
    outbox.wake(connection, claim.run_id, again.wait)


def _give_up(
    connection: Connection, claim: Lease, error: Mapping[str, Any], decision: GiveUp
) -> None:
    _end_stage(connection, claim, state=_given_up(decision), error=dict(error))
    # What comes after cannot run: the same language's stages, or after `asr` those of all that are
    # not translated yet.
    mt = aliased(StageRun)
    waits = (mt.run_id == claim.run_id, mt.stage == Stage.MT, mt.state == StageState.WAITING)
    after = [claim.language] if claim.language else select(mt.language).where(*waits)
    connection.execute(
        update(StageRun)
        .where(StageRun.run_id == claim.run_id, StageRun.state == StageState.WAITING)
        .where(StageRun.language.in_(after))
        .values(state=StageState.SKIPPED, finished_at=from_now(0))
    )


def _given_up(decision: GiveUp) -> StageState:
    return StageState.DEAD if decision.dead else StageState.FAILED


def _succeeded(claim: Lease, success: Success) -> Event:
    return Event(
        "stage.succeeded",
        **_where(claim),
        data={"attempt": claim.attempt, "warnings": list(success.warnings)},
        provider=success.provider,
        model=success.model,
        units=success.units,
        unit=success.unit,
        cost_usd=success.cost_usd,
    )


def _failed(claim: Lease, error: Mapping[str, Any], decision: Again | GiveUp) -> Event:
    data = {"attempt": claim.attempt, "error": dict(error)}
    if isinstance(decision, GiveUp):
        return Event(f"stage.{_given_up(decision)}", **_unfinished(claim), data=data)
    next_at = datetime.now(UTC) + timedelta(seconds=decision.wait)
    data |= {"wait_s": round(decision.wait, 3), "next_at": next_at.isoformat()}
    return Event("stage.retrying", **_unfinished(claim), data=data)


def _unfinished(claim: Lease) -> dict[str, Any]:
    return {**_where(claim), "cost_usd": claim.spent}


def _where(claim: Lease) -> dict[str, Any]:
    return {"run": claim.run_number, "stage": claim.stage, "language": claim.language or None}


def _row(claim: Lease, artifact: NewArtifact) -> dict[str, Any]:
    return {
        "job_id": claim.job_id,
        "stage_run_id": claim.id,
        "kind": artifact.kind,
        "language": ALL_LANGUAGES if artifact.joint else claim.language,
        "object_key": artifact.file.key,
        "filename": artifact.file.filename,
        "sha256": artifact.file.sha256,
        "size": artifact.file.size,
        "mime": artifact.file.mime,
        "meta": dict(artifact.meta),
    }


def _marker(success: Success) -> dict[str, Any]:
    return {
        "input_key": success.input_key,
        "provider": success.provider,
        "model": success.model,
        "spent": success.cost_usd,
        "warnings": {"warnings": list(success.warnings)},
    }


# What is executed for every stage is built once: to build it takes longer than to execute it.
_SUCCEED = (
    update(StageRun)
    .where(HELD)
    .values(
        state=StageState.SUCCEEDED,
        progress=1.0,
        error=None,
        finished_at=from_now(0),
        lease_until=None,
        cost_usd=StageRun.cost_usd + bindparam("spent"),
        **{name: bindparam(name) for name in ("input_key", "provider", "model", "warnings")},
    )
    .returning(of_run(Run.cancel_requested_at))
)
_MIXED = update(StageRun).where(HELD).values(progress=1.0)
