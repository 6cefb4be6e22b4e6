"""Stages that ran out of attempts: listed for an operator, and started again by one."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from backend.database.engine import Database
from backend.database.models.jobs import Job
from backend.database.models.runs import Run, StageRun
from backend.errors import NotFound
from backend.identity.quotas import Quotas
from backend.jobs import resume
from backend.jobs.idempotency import ClaimedKey
from backend.pipeline.stages import ALL_LANGUAGES
from backend.pipeline.states import StageState
from backend.storage.base import BlobStore

MOST = 200


def list_dead_letters(db: Database, user_id: UUID) -> list[dict[str, Any]]:
    """The dead letters, newest first, but none that a later run took up again."""
    with db.read() as connection:
        rows = connection.execute(
            _select_dead(user_id).order_by(StageRun.finished_at.desc()).limit(MOST)
        )
        return [{**row, "language": row["language"] or None} for row in rows.mappings()]


def retry_dead_letter(
    db: Database,
    store: BlobStore,
    user_id: UUID,
    marker_id: UUID,
    *,
    claimed: ClaimedKey | None = None,
    quotas: Quotas | None = None,
) -> tuple[UUID, UUID]:
    """Start a new run for all that is dead in this one's; returns the ids of job and run.

    It takes over whatever is there. Raises `NotFound`, and `Conflict` `job-running` as a resume
    does.
    """
    with db.read() as connection:
        found = connection.execute(
            _select_dead(user_id).where(StageRun.id == marker_id)
        ).one_or_none()
        if found is None:
            raise NotFound(f"There is no dead letter {marker_id}")
        languages = tuple(connection.execute(_select_unmade_languages(found.run_id)).scalars())
    wanted = resume.ResumeRequest(languages=languages)
    run_id, _ = resume.start_run(
        db, store, user_id, found.job_id, wanted, claimed=claimed, quotas=quotas
    )
    return found.job_id, run_id


def _select_unmade_languages(run_id: UUID) -> Select[str]:
    """The languages of a run of which a stage is dead, or could not begin after a dead one."""
    lost = StageRun.state.in_((StageState.DEAD, StageState.SKIPPED))
    mine = (StageRun.run_id == run_id) & (StageRun.language != ALL_LANGUAGES)
    return select(StageRun.language).where(mine, lost).distinct().order_by(StageRun.language)


def _select_dead(user_id: UUID) -> Select[*tuple[Any, ...]]:
    later, later_run = aliased(StageRun), aliased(Run)
    taken_up = exists().where(
        later.job_id == StageRun.job_id,
        later.state.not_in((StageState.CANCELLED, StageState.SKIPPED)),
        later.stage == StageRun.stage,
        later.language == StageRun.language,
        later_run.id == later.run_id,
        later_run.number > Run.number,
    )
    return (
        select(
            *(StageRun.id, StageRun.job_id, StageRun.run_id, Run.number.label("run")),
            *(StageRun.stage, StageRun.language, StageRun.attempt),
            *(StageRun.error, StageRun.finished_at),
        )
        .join(Run, Run.id == StageRun.run_id)
        .join(Job, Job.id == StageRun.job_id)
        .where(Job.user_id == user_id, StageRun.state == StageState.DEAD, ~taken_up)
    )
