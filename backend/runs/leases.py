"""Who may work on a stage: claim, heartbeat, remember, expire.

This module and settle.py are the only writers of stage state. Every write after a claim carries
the claim's fence and changes nothing unless the stage is still running under that very fence; so
a worker that was paused past its lease can no longer do harm. Each function is one short
transaction; none is held while work is done.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, or_, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from backend.artifacts import inputs
from backend.database.engine import Database, from_now
from backend.database.models.runs import Run, StageRun
from backend.errors import LeaseLost
from backend.pipeline.files import FileRef
from backend.pipeline.params import JobParams
from backend.pipeline.stages import Making, Stage
from backend.pipeline.states import RunState, StageState


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
    files: dict[str, FileRef]
    before: dict[str, FileRef]  # what an earlier run made here, for the mix to keep parts of
    upstream: list[Making]  # what the mix builds on, for it to report


def claim(
    db: Database, run_id: UUID, stage: Stage, language: str, *, owner: str, lease_s: float
) -> Claim | StageState | None:
    """Take the stage, if it is there to be taken; otherwise tell its state (None: no such stage).

    The attempt is counted here, so that a crash counts too.
    """
    this = {"of_run": run_id, "of_stage": stage, "of_language": language}
    with db.write() as connection:
        taking = {**this, "by": owner, "lease_s": lease_s}
        row = connection.execute(_TAKE, taking).one_or_none()
        if row is None:
            return connection.execute(_STATE, this).scalar_one_or_none()
        # Before the commit: what a worker is too old to understand it leaves to newer ones.
        params = JobParams.model_validate(row.params)
        files = inputs.inputs(connection, run_id, stage, language)
        last = stage is Stage.MIX
        again = last and row.number > 1
        before = inputs.before(connection, run_id, stage, language) if again else {}
        upstream = inputs.upstream(connection, run_id, stage, language) if last else []
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
        files=files,
        before=before,
        upstream=upstream,
    )


_THIS = (
    (StageRun.run_id == bindparam("of_run"))
    & (StageRun.stage == bindparam("of_stage"))
    & (StageRun.language == bindparam("of_language"))
)
_STATE = select(StageRun.state).where(_THIS)


def _taken() -> ReturningUpdate[Any]:
    taken = {
        "state": StageState.RUNNING,
        "attempt": StageRun.attempt + 1,
        "fence": StageRun.fence + 1,
        "owner": bindparam("by"),
        "heartbeat_at": from_now(0),
        "lease_until": from_now(bindparam("lease_s")),
        "started_at": from_now(0),
        "retry_at": None,
    }
    told = (
        *(StageRun.id, StageRun.fence, StageRun.job_id, StageRun.attempt, StageRun.memo),
        *(StageRun.limited, StageRun.limited_s),
        *(of_run(Run.number), of_run(Run.params)),
    )
    return update(StageRun).where(_THIS, _can_be_claimed()).values(taken).returning(*told)


def _can_be_claimed() -> ColumnElement[bool]:
    upstream = aliased(StageRun)
    ready = exists().where(
        upstream.id == StageRun.upstream_id, upstream.state == StageState.SUCCEEDED
    )
    wanted = exists().where(
        Run.id == StageRun.run_id,
        Run.state == RunState.ACTIVE,
        Run.cancel_requested_at.is_(None),
    )
    due = or_(StageRun.retry_at.is_(None), StageRun.retry_at <= from_now(0))
    waiting = StageRun.state == StageState.WAITING
    return waiting & due & or_(StageRun.upstream_id.is_(None), ready) & wanted


def of_run(column: Any) -> Any:
    """A column of the marker's run, for use in the marker's own statements."""
    return select(column).where(Run.id == StageRun.run_id).scalar_subquery().label(column.key)


# Built once: to build such a statement takes longer than to execute it.
_TAKE = _taken()


def fenced(lease: Lease) -> ColumnElement[bool]:
    """The condition that every write under a claim carries."""
    mine = _held(lease.id, lease.fence)
    return mine & (StageRun.lease_until <= from_now(0)) if lease.expired else mine


def _held(
    marker_id: UUID | BindParameter[UUID], fence: int | BindParameter[int]
) -> ColumnElement[bool]:
    still = StageRun.state == StageState.RUNNING
    return (StageRun.id == marker_id) & (StageRun.fence == fence) & still


# The same for statements that are built once, and what they are executed with.
HELD = _held(bindparam("held_id"), bindparam("held_fence"))


def held_by(claim: Claim) -> dict[str, Any]:
    """The parameters of `HELD`."""
    return {"held_id": claim.id, "held_fence": claim.fence}


def heartbeat(db: Database, claim: Claim, progress: float) -> bool:
    """Renew the lease and tell how far the work is; returns whether the run is to be cancelled.

    Raises `LeaseLost` when another worker may have taken over.
    """
    with db.write() as connection:
        row = connection.execute(
            update(StageRun)
            .where(fenced(claim))
            .values(
                heartbeat_at=from_now(0), lease_until=from_now(claim.lease_s), progress=progress
            )
            .returning(of_run(Run.cancel_requested_at))
        ).one_or_none()
    if row is None:
        raise LeaseLost(f"{claim.stage} was taken over by another worker")
    return row[0] is not None


def remember(db: Database, claim: Claim, memo: dict[str, Any]) -> None:
    """Store what a later attempt must know, such as a vendor's job id; raises `LeaseLost`."""
    with db.write() as connection:
        changed = connection.execute(update(StageRun).where(fenced(claim)).values(memo=memo))
    if not changed.rowcount:
        raise LeaseLost(f"{claim.stage} was taken over by another worker")


def expired(db: Database) -> list[Lease]:
    """The stages whose worker was not heard of for a whole lease."""
    with db.read() as connection:
        rows = connection.execute(
            select(
                *(StageRun.id, StageRun.fence, StageRun.job_id, StageRun.run_id),
                *(
                    of_run(Run.number).label("run_number"),
                    StageRun.stage,
                    StageRun.language,
                    StageRun.attempt,
                ),
            )
            .where(StageRun.state == StageState.RUNNING, StageRun.lease_until <= from_now(0))
            .limit(100)
        )
        return [Lease(**row._mapping, expired=True) for row in rows]


def expire_all(db: Database) -> None:
    """Let every lease run out now: at the start of an embedded stack no worker can be alive."""
    with db.write() as connection:
        connection.execute(
            update(StageRun)
            .where(StageRun.state == StageState.RUNNING)
            .values(lease_until=from_now(0))
        )
