"""Which stages could run now: what a claim may take is just what the outbox has to send."""

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import aliased

from backend.database.engine import from_now
from backend.database.models.runs import StageRun
from backend.pipeline.stages import FAN_IN
from backend.pipeline.states import UNFINISHED, StageState


def can_start() -> ColumnElement[bool]:
    """Whether a marker waits, its time has come, and what it builds on is there."""
    due = or_(StageRun.retry_at.is_(None), StageRun.retry_at <= from_now(0))
    return (StageRun.state == StageState.WAITING) & due & _is_upstream_done() & _have_others_ended()


def _is_upstream_done() -> ColumnElement[bool]:
    upstream = aliased(StageRun)
    done = exists().where(
        upstream.id == StageRun.upstream_id, upstream.state == StageState.SUCCEEDED
    )
    return or_(StageRun.upstream_id.is_(None), done)


def _have_others_ended() -> ColumnElement[bool]:
    """A fan-in begins when all other stages of its run have ended, in whatever way."""
    other = aliased(StageRun)
    unfinished = exists().where(
        other.run_id == StageRun.run_id,
        other.stage.not_in(FAN_IN),
        other.state.in_(UNFINISHED),
    )
    return or_(StageRun.stage.not_in(FAN_IN), ~unfinished)
