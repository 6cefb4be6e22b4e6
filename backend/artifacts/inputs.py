"""Files as stages see them: what each stage of a run reads."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, literal, select
from sqlalchemy.orm import aliased

from backend.database.models.jobs import Job
from backend.database.models.runs import Artifact, Run, StageRun
from backend.database.models.uploads import Upload
from backend.pipeline.files import READS, FileRef
from backend.pipeline.stages import ALL_LANGUAGES, ORDER, Making, Stage
from backend.pipeline.states import StageState

FILE = (
    *(Artifact.kind, Artifact.object_key, Artifact.sha256, Artifact.size),
    *(Artifact.mime, Artifact.filename),
)


def inputs(connection: Connection, run_id: UUID, stage: Stage, language: str) -> dict[str, FileRef]:
    """What the stage reads, by role or kind."""
    rows = connection.execute(_INPUTS, {"of_run": run_id, "of_language": language})
    found = {row.kind: FileRef(*row[1:]) for row in rows}
    return {kind: found[kind] for kind in READS[stage] if kind in found}


def before(connection: Connection, run_id: UUID, stage: Stage, language: str) -> dict[str, FileRef]:
    """What the stage made when it last succeeded in an earlier run of the job, by kind."""
    this = select(Run.job_id, Run.number).where(Run.id == run_id).subquery()
    last = (
        select(made_by())
        .join(Run, Run.id == StageRun.run_id)
        .join(this, (this.c.job_id == Run.job_id) & (this.c.number > Run.number))
        .where(StageRun.stage == stage, StageRun.language == language)
        .where(StageRun.state == StageState.SUCCEEDED)
        .order_by(Run.number.desc())
        .limit(1)
    )
    rows = connection.execute(select(*FILE).where(Artifact.stage_run_id == last.scalar_subquery()))
    return {row.kind: FileRef(*row[1:]) for row in rows}


def upstream(connection: Connection, run_id: UUID, stage: Stage, language: str) -> list[Making]:
    """How what the stage builds on was made, by this run or an earlier one, in order."""
    rows = connection.execute(_UPSTREAM, {"of_run": run_id, "of_language": language})
    found = {row.stage: Making(row.stage, row.provider, row.model, row.cost_usd) for row in rows}
    return [found[before] for before in ORDER[: ORDER.index(stage)] if before in found]


def _uploads() -> Select[*tuple[Any, ...]]:
    role = case((Upload.id == Job.media_id, literal("media")), else_=literal("background"))
    return (
        select(
            role.label("kind"),
            *(Upload.object_key, Upload.sha256, Upload.size, Upload.mime, Upload.filename),
        )
        .select_from(Run)
        .join(Job, Job.id == Run.job_id)
        .join(Upload, Upload.id.in_((Job.media_id, Job.background_id)))
        .where(Run.id == bindparam("of_run"))
    )


def _made_upstream() -> Select[*tuple[Any, ...]]:
    return (
        select(*FILE)
        .select_from(StageRun)
        .join(Artifact, Artifact.stage_run_id == made_by())
        .where(_of_language())
    )


def _makings() -> Select[*tuple[Any, ...]]:
    made = aliased(StageRun)
    return (
        select(made.stage, made.provider, made.model, made.cost_usd)
        .select_from(StageRun)
        .join(made, made.id == made_by())
        .where(_of_language())
    )


def _of_language() -> ColumnElement[bool]:
    mine = StageRun.language.in_((ALL_LANGUAGES, bindparam("of_language")))
    return (StageRun.run_id == bindparam("of_run")) & mine


def made_by() -> ColumnElement[UUID]:
    """The marker whose artifacts a marker stands for: its own, or those it reuses."""
    return func.coalesce(StageRun.reused_from, StageRun.id)


_INPUTS = _uploads().union_all(_made_upstream())
_UPSTREAM = _makings()
