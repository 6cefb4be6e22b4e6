"""How work on a stage ends: succeeded, to be tried again, given up, cancelled, handed back.

Each function takes the job's row first (see `events.lock_job`), then writes under the claim's
fence; a lost fence rolls everything back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.orm import aliased

from backend.database.engine import Database, from_now
from backend.database.models.runs import Artifact, Run, StageRun
from backend.pipeline.files import StoredFile
from backend.pipeline.retry import GiveUp, TryAgain
from backend.pipeline.stages import PER_LANGUAGE, STAGES, Stage
from backend.pipeline.states import StageState
from backend.runs import events, outbox
from backend.runs.completion import end_waiting, update_run
from backend.runs.events import Event, EventType
from backend.runs.leases import (
    HELD,
    Claim,
    Lease,
    build_held_params,
    require_held,
    select_run_column,
)


@dataclass(frozen=True)
class NewArtifact:
    """An object that is in storage already and becomes an artifact with its stage's success."""

    kind: str
    file: StoredFile


@dataclass(frozen=True)
class Success:
    """What a stage made, by whom, and at what cost."""

    artifacts: Sequence[NewArtifact]
    input_key: str
    provider: str
    model: str
    units: float = 0.0
    unit: str = ""
    cost_usd: float = 0.0
    warnings: Sequence[str] = ()


def succeed(db: Database, claim: Claim, success: Success) -> list[str]:
    """Write the stage's progress marker and its artifacts; raises `LeaseLost`.

    Returns the object keys of what nobody needs any more now that this is there.
    """
    with db.write() as connection:
        events.record(connection, claim.job_id, _build_success_event(claim, success))
        written = {**build_held_params(claim), **_build_marker_params(success)}
        row = require_held(connection.execute(_SUCCEED, written).one_or_none(), claim)
        if success.artifacts:
            rows = [_build_artifact_row(claim, one) for one in success.artifacts]
            connection.execute(insert(Artifact), rows)
        removed = _remove_earlier(connection, claim)
        if row[0] is not None or not _has_next(claim.stage):
            update_run(connection, claim.job_id, claim.run_id)
    return [key for key in removed if key not in {one.file.key for one in success.artifacts}]


def _has_next(stage: Stage) -> bool:
    """Whether a stage of the same language certainly follows, so that the run cannot end here."""
    return stage in PER_LANGUAGE[:-1]


def _remove_earlier(connection: Connection, claim: Claim) -> Sequence[str]:
    if not STAGES[claim.stage].only_latest:
        return ()
    same = select(StageRun.id).where(
        StageRun.job_id == claim.job_id, StageRun.stage == claim.stage, StageRun.id != claim.id
    )
    gone = delete(Artifact).where(Artifact.stage_run_id.in_(same)).returning(Artifact.object_key)
    return connection.execute(gone).scalars().all()


def fail(db: Database, claim: Lease, error: Mapping[str, Any], decision: TryAgain | GiveUp) -> None:
    """Write an attempt's failure and what follows from it; raises `LeaseLost`.

    `error` is what the user is shown: `kind` and `message` at least. What the attempt bought is
    kept for the next one, so what it spent counts all the same.
    """
    with db.write() as connection:
        events.record(connection, claim.job_id, _build_failure_event(claim, error, decision))
        if isinstance(decision, TryAgain):
            _try_again(connection, claim, error, decision)
        else:
            _give_up(connection, claim, error, decision)
        update_run(connection, claim.job_id, claim.run_id)


def cancel(db: Database, claim: Lease) -> None:
    """Write that the stage has stopped because its run was cancelled; raises `LeaseLost`."""
    with db.write() as connection:
        events.record(
            connection, claim.job_id, Event(EventType.STAGE_CANCELLED, **_build_spent_fields(claim))
        )
        _end_stage(connection, claim, state=StageState.CANCELLED)
        update_run(connection, claim.job_id, claim.run_id)


def hand_back(db: Database, claim: Lease) -> None:
    """Give up unfinished work, say at shutdown: it waits again and no attempt is used up.

    Raises `LeaseLost`.
    """
    with db.write() as connection:
        events.record(
            connection,
            claim.job_id,
            Event(EventType.STAGE_HANDED_BACK, **_build_spent_fields(claim)),
        )
        _wait_again(connection, claim, attempt=claim.attempt - 1)
        outbox.wake(connection, claim.run_id)
        update_run(connection, claim.job_id, claim.run_id)


def show_storing(db: Database, claim: Claim) -> None:
    """Show that the work is done and what it made is being stored; raises `LeaseLost`."""
    with db.write() as connection:
        require_held(connection.execute(_STORING, build_held_params(claim)).one_or_none(), claim)


def _end_stage(connection: Connection, claim: Lease, **values: Any) -> None:
    """Write under the fence; what the reaper found holds only if it still is so."""
    cost = StageRun.cost_usd + claim.spent
    values = {"finished_at": from_now(0), "lease_until": None, "cost_usd": cost, **values}
    end = update(StageRun).where(HELD).values(values).returning(StageRun.id)
    if claim.expired:
        end = end.where(StageRun.lease_until <= from_now(0))
    require_held(connection.execute(end, build_held_params(claim)).one_or_none(), claim)


def _wait_again(connection: Connection, claim: Lease, **values: Any) -> None:
    waiting = {"state": StageState.WAITING, "finished_at": None, "progress": 0.0}
    _end_stage(connection, claim, **waiting, **values)


def _try_again(
    connection: Connection, claim: Lease, error: Mapping[str, Any], again: TryAgain
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
    _end_stage(connection, claim, state=_choose_end(decision), error=dict(error))
    # What comes after cannot run: the same language's stages, or after `asr` those of all that are
    # not translated yet.
    mt = aliased(StageRun)
    waits = (mt.run_id == claim.run_id, mt.stage == Stage.MT, mt.state == StageState.WAITING)
    after = [claim.language] if claim.language else select(mt.language).where(*waits)
    end_waiting(
        connection,
        claim.job_id,
        claim.run_id,
        StageState.SKIPPED,
        StageRun.language.in_(after),
        number=claim.run_number,
    )


def _choose_end(decision: GiveUp) -> StageState:
    return StageState.DEAD if decision.dead else StageState.FAILED


def _build_success_event(claim: Lease, success: Success) -> Event:
    return Event(
        EventType.STAGE_SUCCEEDED,
        **_build_place_fields(claim),
        data={"attempt": claim.attempt, "warnings": list(success.warnings)},
        provider=success.provider,
        model=success.model,
        units=success.units,
        unit=success.unit,
        cost_usd=success.cost_usd,
    )


def _build_failure_event(
    claim: Lease, error: Mapping[str, Any], decision: TryAgain | GiveUp
) -> Event:
    data = {"attempt": claim.attempt, "error": dict(error)}
    if isinstance(decision, GiveUp):
        end = EventType(f"stage.{_choose_end(decision)}")
        return Event(end, **_build_spent_fields(claim), data=data)
    next_at = datetime.now(UTC) + timedelta(seconds=decision.wait)
    data |= {"wait_s": round(decision.wait, 3), "next_at": next_at.isoformat()}
    return Event(EventType.STAGE_RETRYING, **_build_spent_fields(claim), data=data)


def _build_spent_fields(claim: Lease) -> dict[str, Any]:
    return {**_build_place_fields(claim), "cost_usd": claim.spent}


def _build_place_fields(claim: Lease) -> dict[str, Any]:
    return {"run": claim.run_number, "stage": claim.stage, "language": claim.language or None}


def _build_artifact_row(claim: Claim, artifact: NewArtifact) -> dict[str, Any]:
    return {
        "job_id": claim.job_id,
        "stage_run_id": claim.id,
        "kind": artifact.kind,
        "language": claim.language,
        "object_key": artifact.file.key,
        "filename": artifact.file.filename,
        "sha256": artifact.file.sha256,
        "size": artifact.file.size,
        "mime": artifact.file.mime,
        "meta": dict(artifact.file.meta),
    }


def _build_marker_params(success: Success) -> dict[str, Any]:
    return {
        "input_key": success.input_key,
        "provider": success.provider,
        "model": success.model,
        "spent": success.cost_usd,
        "warnings": list(success.warnings),
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
    .returning(select_run_column(Run.cancel_requested_at))
)
_STORING = update(StageRun).where(HELD).values(progress=1.0).returning(StageRun.id)
