"""The file with all languages of a job: each that ends makes it anew, and there is only one.

Who makes it has read which others are complete. Should one more be by the time it is written, it
has to be made again; as both take the job's row, one of two that end at once sees the other.
"""

from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection, delete, select

from backend.core.artifacts import FILE, FileRef, made_by
from backend.core.errors import Outdated
from backend.core.models import Artifact, Job, Run, StageRun
from backend.core.stages import JOINT, Stage
from backend.core.states import StageState

# What the latest mix of each language made, by kind, in the order in which they were asked for.
# A language that is not complete has nothing.
Mixes = dict[str, dict[str, FileRef]]


def mixes(connection: Connection, job_id: UUID) -> Mixes:
    """What there is to put together."""
    asked = connection.execute(select(Job.params).where(Job.id == job_id)).scalar_one()
    found: Mixes = {language: {} for language in asked["target_languages"]}
    rows = connection.execute(
        select(StageRun.language, Run.number, *FILE)
        .join(Run, Run.id == StageRun.run_id)
        .join(Artifact, Artifact.stage_run_id == made_by())
        .where(Run.job_id == job_id, StageRun.stage == Stage.MIX)
        .where(StageRun.state == StageState.SUCCEEDED, Artifact.language == StageRun.language)
        .order_by(Run.number, StageRun.language)
    )
    for (language, _), files in groupby(rows, lambda row: (row.language, row.number)):
        found[language] = {row.kind: FileRef(*row[3:]) for row in files}
    return found


def renew(connection: Connection, job_id: UUID, made_with: Mixes) -> None:
    """Drop the file that there is, for a new one; the job's row must be locked.

    Raises `Outdated` when another language was completed since `made_with` was read.
    """
    if mixes(connection, job_id) != made_with:
        raise Outdated("Another language was completed meanwhile")
    of_job = (
        select(StageRun.id)
        .join(Run, Run.id == StageRun.run_id)
        .where(Run.job_id == job_id, StageRun.stage == Stage.MIX)
    )
    connection.execute(
        delete(Artifact).where(Artifact.stage_run_id.in_(of_job), Artifact.kind == JOINT)
    )
