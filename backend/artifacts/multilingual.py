"""The file with all languages of a job, made by `join` when the languages of a run have ended.

It tells of what it was made (`made_of`), and is shown as long as that is what is complete.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from backend.artifacts.rows import FILE_COLUMNS, build_file, select_maker_id
from backend.database.models.jobs import Job
from backend.database.models.runs import Artifact, Run, StageRun
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.multilingual import Dubs, choose_joinable, identify_film
from backend.pipeline.stages import PER_LANGUAGE
from backend.pipeline.states import StageState


def read_dubs(connection: Connection, job_id: UUID) -> dict[str, dict[str, StoredFile]]:
    """What the latest mix of each complete language made, in the order asked for."""
    asked = connection.execute(select(Job.params).where(Job.id == job_id)).scalar_one()
    rows = connection.execute(
        select(StageRun.id, StageRun.language, *FILE_COLUMNS)
        .join(Run, Run.id == StageRun.run_id)
        .join(Artifact, Artifact.stage_run_id == select_maker_id())
        .where(Run.job_id == job_id, StageRun.stage == PER_LANGUAGE[-1])
        .where(StageRun.state == StageState.SUCCEEDED, Artifact.language == StageRun.language)
        .order_by(Run.number)
    ).all()
    latest = {row.language: row.id for row in rows}
    order = dict.fromkeys((*asked["target_languages"], *latest))
    dubs: dict[str, dict[str, StoredFile]] = {tag: {} for tag in order if tag in latest}
    for row in rows:
        if row.id == latest[row.language]:
            dubs[row.language][row.kind] = build_file(row)
    return dubs


def find_film(connection: Connection, job_id: UUID, dubs: Dubs) -> Row[Any] | None:
    """The artifact's row, with its stage; None if there is none of what is complete now."""
    wanted = identify_film(choose_joinable(dubs))
    rows = connection.execute(
        select(Artifact.__table__, StageRun.stage)
        .join(StageRun, StageRun.id == Artifact.stage_run_id)
        .where(Artifact.job_id == job_id, Artifact.kind == ArtifactKind.VIDEO_ALL)
    )
    return next((row for row in rows if wanted and row.meta["made_of"] == wanted), None)
