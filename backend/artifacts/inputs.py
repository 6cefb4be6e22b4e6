"""Files as stages see them: what each stage of a run reads."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, literal, null, select
from sqlalchemy.orm import aliased

from backend.artifacts import multilingual
from backend.artifacts.rows import FILE_COLUMNS, build_file, select_maker_id
from backend.database.engine import Json
from backend.database.models.jobs import Job
from backend.database.models.runs import Artifact, Run, StageRun
from backend.database.models.uploads import Upload
from backend.pipeline.files import StageFiles, StoredFile
from backend.pipeline.stages import ALL_LANGUAGES, ORDER, STAGES, Provenance, Stage
from backend.pipeline.states import StageState


def read_inputs(
    connection: Connection, run_id: UUID, stage: Stage, language: str, *, job_id: UUID, again: bool
) -> StageFiles:
    """What the stage reads; `again` is whether the job had runs before this one."""
    row = STAGES[stage]
    again = again and row.looks_back
    found = _read_files(connection, run_id, language)
    dubs = multilingual.read_dubs(connection, job_id) if row.reads_of_all else {}
    return StageFiles(
        files={kind: found[kind] for kind in row.reads if kind in found},
        dubs={
            tag: {kind: files[kind] for kind in row.reads_of_all if kind in files}
            for tag, files in dubs.items()
        },
        before=_read_earlier_outputs(connection, run_id, stage, language)
        if row.looks_back and again
        else {},
        upstream=read_provenance(connection, run_id, stage, language) if row.looks_back else (),
    )


def _read_files(connection: Connection, run_id: UUID, language: str) -> dict[str, StoredFile]:
    rows = connection.execute(_INPUTS, {"of_run": run_id, "of_language": language})
    return {row.kind: build_file(row) for row in rows}


def _read_earlier_outputs(
    connection: Connection, run_id: UUID, stage: Stage, language: str
) -> dict[str, StoredFile]:
    this = select(Run.job_id, Run.number).where(Run.id == run_id).subquery()
    last = (
        select(select_maker_id())
        .join(Run, Run.id == StageRun.run_id)
        .join(this, (this.c.job_id == Run.job_id) & (this.c.number > Run.number))
        .where(StageRun.stage == stage, StageRun.language == language)
        .where(StageRun.state == StageState.SUCCEEDED)
        .order_by(Run.number.desc())
        .limit(1)
    )
    rows = connection.execute(
        select(*FILE_COLUMNS).where(Artifact.stage_run_id == last.scalar_subquery())
    )
    return {row.kind: build_file(row) for row in rows}


def read_provenance(
    connection: Connection, run_id: UUID, stage: Stage, language: str
) -> tuple[Provenance, ...]:
    """How what the stage builds on was made, by this run or an earlier one, in order."""
    rows = connection.execute(_MAKINGS, {"of_run": run_id, "of_language": language})
    found = {
        row.stage: Provenance(row.stage, row.provider, row.model, row.cost_usd) for row in rows
    }
    return tuple(found[before] for before in ORDER[: ORDER.index(stage)] if before in found)


def _select_uploads() -> Select[*tuple[Any, ...]]:
    role = case((Upload.id == Job.media_id, literal("media")), else_=literal("background"))
    return (
        select(
            role.label("kind"),
            *(Upload.object_key, Upload.sha256, Upload.size, Upload.mime, Upload.filename),
            null().cast(Json).label("meta"),
        )
        .select_from(Run)
        .join(Job, Job.id == Run.job_id)
        .join(Upload, Upload.id.in_((Job.media_id, Job.background_id)))
        .where(Run.id == bindparam("of_run"))
    )


def _select_upstream_files() -> Select[*tuple[Any, ...]]:
    return (
        select(*FILE_COLUMNS)
        .select_from(StageRun)
        .join(Artifact, Artifact.stage_run_id == select_maker_id())
        .where(_is_of_language())
    )


def _select_provenance() -> Select[*tuple[Any, ...]]:
    made = aliased(StageRun)
    return (
        select(made.stage, made.provider, made.model, made.cost_usd)
        .select_from(StageRun)
        .join(made, made.id == select_maker_id())
        .where(_is_of_language())
    )


def _is_of_language() -> ColumnElement[bool]:
    mine = StageRun.language.in_((ALL_LANGUAGES, bindparam("of_language")))
    return (StageRun.run_id == bindparam("of_run")) & mine


# Built once: to build a statement takes as long as to execute several.
_INPUTS = _select_uploads().union_all(_select_upstream_files())
_MAKINGS = _select_provenance()
