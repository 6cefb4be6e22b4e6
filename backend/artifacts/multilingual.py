"""The file with all languages of a job: made by each mix that ends, of what is complete by then.

It tells of what it was made (`made_of`), and is shown as long as that is what is complete. Of two
languages that end at once the second sees the first, as both take the job's row: if the file of
both is not there yet, it has to be made before the second may end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from backend.artifacts.inputs import FILE, made_by
from backend.database.models.jobs import Job
from backend.database.models.runs import Artifact, Run, StageRun
from backend.pipeline.files import JOINT, FileRef
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState

VIDEO = "video"

Files = Mapping[str, FileRef]


@dataclass
class Dub:
    """What the latest mix of a language made, by kind; nothing if it is not complete.

    It `joins` the others unless its picture is held, so that they would not be in sync.
    """

    files: dict[str, FileRef] = field(default_factory=dict)
    joins: bool = False

    def add(self, kind: str, file: FileRef, meta: Mapping[str, Any]) -> None:
        """Take up one more of its files."""
        self.files[kind] = file
        self.joins |= kind == VIDEO and not meta["held"]


def dubs(connection: Connection, job_id: UUID) -> dict[str, Dub]:
    """Each language of a job, in the order asked for."""
    asked = connection.execute(select(Job.params).where(Job.id == job_id)).scalar_one()
    found: dict[str, Dub] = {language: Dub() for language in asked["target_languages"]}
    rows = connection.execute(
        select(StageRun.id, StageRun.language, *FILE, Artifact.meta)
        .join(Run, Run.id == StageRun.run_id)
        .join(Artifact, Artifact.stage_run_id == made_by())
        .where(Run.job_id == job_id, StageRun.stage == Stage.MIX)
        .where(StageRun.state == StageState.SUCCEEDED, Artifact.language == StageRun.language)
        .order_by(Run.number)
    ).all()
    latest = {row.language: row.id for row in rows}
    for row in rows:
        if row.id == latest[row.language]:
            dub = found.setdefault(row.language, Dub())
            dub.add(row.kind, FileRef(*row[3:-1]), row.meta)
    return found


def together(dubs: Mapping[str, Dub]) -> dict[str, Files]:
    """The languages that one file is to hold, with their files; none if that is only one."""
    joined: dict[str, Files] = {name: dub.files for name, dub in dubs.items() if dub.joins}
    return joined if len(joined) > 1 else {}


def made_of(joined: Mapping[str, Files]) -> dict[str, str]:
    """What tells a file of these from any other one."""
    return {language: files[VIDEO].sha256 for language, files in joined.items()}


def file(connection: Connection, job_id: UUID) -> Row[Any] | None:
    """The artifact's row, with its stage; None if there is none of what is complete now."""
    wanted = made_of(together(dubs(connection, job_id)))
    return _of(connection, job_id, wanted) if wanted else None


def missing(connection: Connection, job_id: UUID, language: str, own: Dub) -> dict[str, Files]:
    """What to put together when this language will have made `own`; nothing if that is done."""
    joined = together(dubs(connection, job_id) | {language: own})
    return {} if _of(connection, job_id, made_of(joined)) else joined


def complete(connection: Connection, job_id: UUID) -> bool:
    """Whether the file is there, if there is to be one."""
    joined = together(dubs(connection, job_id))
    return not joined or _of(connection, job_id, made_of(joined)) is not None


def _of(connection: Connection, job_id: UUID, wanted: Mapping[str, str]) -> Row[Any] | None:
    rows = connection.execute(
        select(Artifact.__table__, StageRun.stage)
        .join(StageRun, StageRun.id == Artifact.stage_run_id)
        .join(Run, Run.id == StageRun.run_id)
        .where(Run.job_id == job_id, StageRun.stage == Stage.MIX, Artifact.kind == JOINT)
    )
    return next((row for row in rows if row.meta["made_of"] == wanted), None)
