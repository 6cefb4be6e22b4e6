"""The revisions of a language's lines: as translated, then as changed by users."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, exists, select
from sqlalchemy.orm import aliased

from backend.artifacts.rows import FILE_COLUMNS, build_file, select_maker_id
from backend.database.models.jobs import SegmentEdit
from backend.database.models.runs import Artifact, Run, StageRun
from backend.media.mime import MIME_TYPES
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.plan import GivenFiles, Place
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState


@dataclass(frozen=True)
class LinesRevision:
    """A revision of a language's lines: 0 as first translated, then one more with each change.

    `output_revision` is the one that the latest complete output was made of; `run` the number of
    the last run that took the lines.
    """

    revision: int
    output_revision: int
    run: int
    file: StoredFile


def find_pending_edits(
    connection: Connection, job_id: UUID, is_current: Callable[[str, str], bool]
) -> dict[Place, GivenFiles]:
    """The latest changes of each language, where `is_current(language, sha256)` is not true yet."""
    latest = {language: made[-1] for language, made in _read_history(connection, job_id).items()}
    return {
        (Stage.MT, language): {ArtifactKind.SEGMENTS: one.file}
        for language, one in latest.items()
        if one.edit and not is_current(language, one.file.sha256)
    }


class _LinesVersion(NamedTuple):
    """The lines of a language as run number `run` took them, or after an edit of these."""

    language: str
    run: int
    edit: int  # its number among all revisions; 0 if it is none
    file: StoredFile


def _read_history(connection: Connection, job_id: UUID) -> dict[str, list[_LinesVersion]]:
    """For each language whatever changed its lines, in this order: its revisions."""
    found: dict[str, list[_LinesVersion]] = {}
    every = (*_read_taken_lines(connection, job_id), *_read_edits(connection, job_id))
    for one in sorted(every, key=lambda one: (one.run, one.edit)):
        made = found.setdefault(one.language, [])
        if one.edit or not made or made[-1].file.sha256 != one.file.sha256:
            made.append(one)
        else:  # a run that takes the lines as they are is no change
            made[-1] = made[-1]._replace(run=one.run)
    return found


def _read_taken_lines(connection: Connection, job_id: UUID) -> Iterator[_LinesVersion]:
    """The lines that runs translated, took over or were given."""
    rows = connection.execute(
        select(StageRun.language, Run.number, *FILE_COLUMNS)
        .join(Run, Run.id == StageRun.run_id)
        .join(Artifact, Artifact.stage_run_id == select_maker_id())
        .where(
            StageRun.job_id == job_id,
            StageRun.stage == Stage.MT,
            Artifact.kind == ArtifactKind.SEGMENTS,
        )
        .where(StageRun.state == StageState.SUCCEEDED)
    )
    for row in rows:
        yield _LinesVersion(row.language, row.number, 0, build_file(row))


def _read_edits(connection: Connection, job_id: UUID) -> Iterator[_LinesVersion]:
    rows = connection.execute(select(SegmentEdit.__table__).where(SegmentEdit.job_id == job_id))
    for row in rows:
        file = StoredFile(
            row.object_key,
            row.sha256,
            row.size,
            MIME_TYPES[".json"],
            build_lines_filename(row.language),
        )
        yield _LinesVersion(row.language, row.after_run, row.revision, file)


def read_edition(connection: Connection, job_id: UUID, language: str) -> LinesRevision | None:
    """The lines of a language as they stand; None before there are any."""
    made = _read_history(connection, job_id).get(language)
    if made is None:
        return None
    heard = connection.execute(_HEARD, {"of_job": job_id, "of_language": language}).scalar()
    of_output = [number for number, one in enumerate(made) if one.file.sha256 == heard]
    return LinesRevision(len(made) - 1, max(of_output, default=0), made[-1].run, made[-1].file)


def _select_heard_lines() -> Select[str]:
    """The sha256 of the lines that the latest complete output was made of."""
    mix = aliased(StageRun)
    mixed = exists().where(
        mix.run_id == StageRun.run_id,
        mix.language == StageRun.language,
        mix.stage == Stage.MIX,
        mix.state == StageState.SUCCEEDED,
    )
    return (
        select(Artifact.sha256)
        .join(StageRun, select_maker_id() == Artifact.stage_run_id)
        .join(Run, Run.id == StageRun.run_id)
        .where(StageRun.job_id == bindparam("of_job"), StageRun.stage == Stage.MT, mixed)
        .where(
            StageRun.language == bindparam("of_language"), Artifact.kind == ArtifactKind.SEGMENTS
        )
        .order_by(Run.number.desc())
        .limit(1)
    )


_HEARD = _select_heard_lines()


def build_lines_filename(language: str) -> str:
    """The name of the file of a language's lines."""
    return f"segments_{language}.json"
