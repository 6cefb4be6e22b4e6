"""Who may work on a stage: claim, heartbeat, remember, expire.

Every write after a claim carries the claim's fence and changes nothing unless the stage is still
running under that very fence; so a worker that was paused past its lease can no longer do harm.
Each function is one short transaction; none is held while work is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    Select,
    String,
    bindparam,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from backend.artifacts import inputs
from backend.database.engine import Database, from_now
from backend.database.models.jobs import Job
from backend.database.models.runs import Run, StageRun
from backend.errors import LeaseLost
from backend.pipeline.files import StageFiles
from backend.pipeline.params import JobParams
from backend.pipeline.stages import Stage
from backend.pipeline.states import RunState, StageState
from backend.runs import events
from backend.runs.events import Event, EventType
from backend.runs.readiness import can_start


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Which stage, in which run, under which fence."""

    id: UUID  # of the stage's marker
    fence: int
    job_id: UUID
    run_id: UUID
    run_number: int
    stage: Stage
    language: str
    attempt: int
    limited: int = 0  # how many attempts before this one a rate limit ended in a row
    waited: float = 0.0  # seconds of waiting after these
    spent: float = 0.0  # what this attempt has cost when it ends, in US dollars
    expired: bool = False  # as the reaper found it; writes then hold only if it still is


@dataclass(frozen=True, kw_only=True)
class Claim(Lease):
    """The right to work on a stage until the lease runs out, and all that the work needs."""

    lease_s: float  # how long the claim lasts unless it is renewed
    memo: dict[str, Any]
    params: JobParams
    inputs: StageFiles


def claim(
    db: Database, run_id: UUID, stage: Stage, language: str, *, owner: str, lease_s: float
) -> Claim | StageState | None:
    """Take the stage, if it is there to be taken; otherwise tell its state (None: no such stage).

    The attempt is counted here, so that a crash counts too. The history tells that `owner` has it.
    """
    this = {"of_run": run_id, "of_stage": stage, "of_language": language}
    with db.write() as connection:
        row = _take_stage(connection, {**this, "by": owner, "lease_s": lease_s})
        if row is None:
            return connection.execute(_STATE, this).scalar_one_or_none()
        # Before the commit: what a worker is too old to understand it leaves to newer ones.
        params = JobParams.model_validate(row.params)
        again = row.number > 1
        found = inputs.read_inputs(
            connection, run_id, stage, language, job_id=row.job_id, again=again
        )
    return Claim(
        id=row.id,
        fence=row.fence,
        job_id=row.job_id,
        run_id=run_id,
        run_number=row.number,
        stage=stage,
        language=language,
        attempt=row.attempt,
        lease_s=lease_s,
        limited=row.limited,
        waited=row.limited_s,
        memo=row.memo,
        params=params,
        inputs=found,
    )


_THIS = (
    (StageRun.run_id == bindparam("of_run"))
    & (StageRun.stage == bindparam("of_stage"))
    & (StageRun.language == bindparam("of_language"))
)
_STATE = select(StageRun.state).where(_THIS)


def _take_stage(connection: Connection, this: Mapping[str, Any]) -> Row[Any] | None:
    if connection.dialect.name != "sqlite":
        return connection.execute(_TAKE_AND_TELL, this).one_or_none()
    row = connection.execute(_TAKE, this).one_or_none()
    if row is not None:
        place = {"stage": this["of_stage"], "language": this["of_language"] or None}
        data = {"attempt": row.attempt, "worker": this["by"]}
        event = Event(EventType.STAGE_STARTED, run=row.number, **place, data=data)
        events.record(connection, row.job_id, event)
    return row


def _build_take() -> ReturningUpdate[Any]:
    taken = {
        "state": StageState.RUNNING,
        "attempt": StageRun.attempt + 1,
        "fence": StageRun.fence + 1,
        "lease_until": from_now(bindparam("lease_s")),
        "started_at": from_now(0),
        "retry_at": None,
    }
    told = (
        *(StageRun.id, StageRun.fence, StageRun.job_id, StageRun.attempt, StageRun.memo),
        *(StageRun.limited, StageRun.limited_s),
        *(select_run_column(Run.number), select_run_column(Run.params)),
    )
    wanted = exists().where(
        Run.id == StageRun.run_id,
        Run.state == RunState.RUNNING,
        Run.cancel_requested_at.is_(None),
    )
    return update(StageRun).where(_THIS, can_start(), wanted).values(taken).returning(*told)


def _build_take_and_tell() -> Select[Any]:
    """The same with its event in one statement, which SQLite does not know.

    The job's row is locked first, as everywhere (see `events.lock_job`).
    """
    of_job = select(Run.job_id).where(Run.id == bindparam("of_run")).scalar_subquery()
    job = select(Job.id).where(Job.id == of_job).with_for_update().cte("job")
    taken = _build_take().where(StageRun.job_id.in_(select(job.c.id))).cte("taken")
    data = func.jsonb_build_object(
        "attempt", taken.c.attempt, "worker", bindparam("by", type_=String())
    )
    place = {
        "run": taken.c.number,
        "stage": bindparam("of_stage", type_=String()),
        "language": func.nullif(bindparam("of_language", type_=String()), ""),
    }
    event = events.build_event_insert(
        taken, {"type": literal(EventType.STAGE_STARTED.value), "data": data, **place}
    )
    return select(taken).add_cte(event)


def select_run_column(column: Any) -> Any:
    """A column of the marker's run, for use in the marker's own statements."""
    return select(column).where(Run.id == StageRun.run_id).scalar_subquery().label(column.key)


# Built once: to build a statement takes as long as to execute several.
_TAKE = _build_take()
_TAKE_AND_TELL = _build_take_and_tell()

# The condition that every write under a claim carries, and what it is executed with.
HELD = (
    (StageRun.id == bindparam("held_id"))
    & (StageRun.fence == bindparam("held_fence"))
    & (StageRun.state == StageState.RUNNING)
)


def build_held_params(lease: Lease) -> dict[str, Any]:
    """The parameters of `HELD`."""
    return {"held_id": lease.id, "held_fence": lease.fence}


def require_held(row: Row[Any] | None, lease: Lease) -> Row[Any]:
    """What a write under `HELD` returned; raises `LeaseLost` when it changed nothing."""
    if row is None:
        raise LeaseLost(f"{lease.stage} was taken over by another worker")
    return row


def heartbeat(db: Database, claim: Claim, progress: float) -> bool:
    """Renew the lease and tell how far the work is; returns whether the run is to be cancelled.

    Raises `LeaseLost` when another worker may have taken over.
    """
    beat = {**build_held_params(claim), "lease_s": claim.lease_s, "progress": progress}
    with db.write() as connection:
        row = connection.execute(_BEAT, beat).one_or_none()
    return require_held(row, claim)[0] is not None


def is_cancelled(db: Database, claim: Claim) -> bool:
    """Whether somebody asked the run to stop; writes nothing."""
    with db.read() as connection:
        return connection.execute(_CANCELLED, {"of_run": claim.run_id}).scalar_one() is not None


_CANCELLED = select(Run.cancel_requested_at).where(Run.id == bindparam("of_run"))
_BEAT = (
    update(StageRun)
    .where(HELD)
    .values(lease_until=from_now(bindparam("lease_s")), progress=bindparam("progress"))
    .returning(select_run_column(Run.cancel_requested_at))
)


def write_memo(db: Database, claim: Claim, memo: dict[str, Any]) -> None:
    """Store what a later attempt must know, such as a vendor's job id; raises `LeaseLost`."""
    keep = update(StageRun).where(HELD).values(memo=memo).returning(StageRun.id)
    with db.write() as connection:
        require_held(connection.execute(keep, build_held_params(claim)).one_or_none(), claim)


def find_expired(db: Database) -> list[Lease]:
    """The stages whose worker was not heard of for a whole lease, the longest silent first."""
    with db.read() as connection:
        rows = connection.execute(
            select(
                *(StageRun.id, StageRun.fence, StageRun.job_id, StageRun.run_id),
                *(StageRun.stage, StageRun.language, StageRun.attempt),
                select_run_column(Run.number).label("run_number"),
            )
            .where(StageRun.state == StageState.RUNNING, StageRun.lease_until <= from_now(0))
            .order_by(StageRun.lease_until)
            .limit(100)
        )
        return [Lease(**row._mapping, expired=True) for row in rows]


def expire_all_leases(db: Database) -> None:
    """Let every lease run out now: at the start of an embedded stack no worker can be alive."""
    with db.write() as connection:
        connection.execute(
            update(StageRun)
            .where(StageRun.state == StageState.RUNNING)
            .values(lease_until=from_now(0))
        )
