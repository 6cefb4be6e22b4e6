"""What users change in the lines of a dub, and what of it the next run has to take up.

Each change makes a new revision of `segments_<lang>.json`. The next run takes the latest one in
place of what `mt` made (as with translations that users bring), until a run translates anew: what
was changed before that belongs to an older translation.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, func, insert, select

from backend.core import events, jobs
from backend.core.artifacts import FileRef, made_by
from backend.core.db import Database
from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.events import Event
from backend.core.models import Artifact, Run, SegmentEdit, StageRun
from backend.core.plan import Given, Place
from backend.core.segments import Line, Translation, everyone
from backend.core.stages import Stage
from backend.core.states import StageState
from backend.storage.base import BlobStore

JSON = "application/json"
KIND = "segments"


@dataclass(frozen=True)
class Edition:
    """A revision of a language's lines: 0 as translated, then one more with each change.

    `output_revision` is the one that the latest complete output was made of.
    """

    revision: int
    output_revision: int
    file: FileRef


@dataclass(frozen=True)
class Editor:
    """Reads and changes the lines of jobs; `scratch` is a folder for temporary files."""

    db: Database
    store: BlobStore
    scratch: Path

    def current(self, user_id: UUID, job_id: UUID, language: str) -> tuple[Edition, Translation]:
        """The lines of a language as they stand; raises `NotFound` before there are any."""
        with self.db.read() as connection:
            jobs.find(connection, user_id, job_id)
            edition = _edition(connection, job_id, language)
        if edition is None:
            raise NotFound(f"This job has no lines in '{language}': it was not translated so far")
        with TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "segments"
            self.store.fetch(edition.file.key, path)
            return edition, Translation.model_validate_json(path.read_bytes())

    def change(
        self,
        user_id: UUID,
        job_id: UUID,
        language: str,
        line_id: int,
        *,
        revision: int,
        values: Mapping[str, Any],
    ) -> tuple[int, Line]:
        """Change one line of the revision that the user saw; returns the new one and the line.

        Raises `Conflict` `revision-stale` when it is not the latest any more, `NotFound`,
        `Invalid`.
        """
        edition, translation = self.current(user_id, job_id, language)
        _refuse_stale(revision, edition)
        changed, line = with_line(translation, line_id, values)
        file = self._stored(job_id, language, changed)
        with self.db.write() as connection:
            events.lock_job(connection, job_id)
            _refuse_stale(revision, _edition(connection, job_id, language))
            _write(connection, job_id, language, revision + 1, file)
            data = {"segment": line_id, "revision": revision + 1}
            events.record(connection, job_id, Event("segment.edited", language=language, data=data))
        return revision + 1, line

    def _stored(self, job_id: UUID, language: str, translation: Translation) -> FileRef:
        content = translation.to_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        name = _filename(language)
        key = f"jobs/{job_id}/edits/{language}/{sha256[:16]}/{name}"
        with TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            self.store.put(key, path, mime=JSON, sha256=sha256)
        return FileRef(key, sha256, len(content), JSON, name)


def with_line(
    translation: Translation, line_id: int, values: Mapping[str, Any]
) -> tuple[Translation, Line]:
    """The document with some values of one line changed, its lines in time order."""
    old = next((line for line in translation.lines if line.id == line_id), None)
    if old is None:
        raise NotFound(f"There is no segment {line_id}; they are 0 to {len(translation.lines) - 1}")
    try:
        line = Line.model_validate(old.model_dump() | dict(values))
    except ValidationError as error:
        problem = error.errors()[0]
        raise Invalid(str(problem["loc"][0]), problem["msg"]) from None
    if (line.start, line.end) != (old.start, old.end):
        _check_times(line, translation.duration)
    lines = [line if one.id == line_id else one for one in translation.lines]
    ordered = tuple(sorted(lines, key=lambda one: (one.start, one.id)))
    # Whoever is new comes last, so that everybody else keeps their voice.
    speakers = everyone(translation.speakers, [line])
    return translation.model_copy(update={"lines": ordered, "speakers": speakers}), line


def _check_times(line: Line, duration: float) -> None:
    if line.end <= line.start:
        raise Invalid("end", f"must be after start ({line.start:g} s), not {line.end:g} s")
    if line.end > duration:
        raise Invalid("end", f"{line.end:g} s is after the recording ({duration:g} s)")


def pending(
    connection: Connection, job_id: UUID, is_current: Callable[[str, str], bool]
) -> dict[Place, Given]:
    """The latest changes of each language, where `is_current(language, sha256)` is not true yet."""
    newest = _newest(connection, job_id)
    return {
        (Stage.MT, language): {KIND: file}
        for language, (_, file) in newest.items()
        if not is_current(language, file.sha256)
    }


def _edition(connection: Connection, job_id: UUID, language: str) -> Edition | None:
    translated = _used(connection, job_id, language, Stage.MT)
    if translated is None:
        return None
    newest = _newest(connection, job_id).get(language)
    output = _used(connection, job_id, language, Stage.MIX)
    last = connection.execute(
        select(func.max(SegmentEdit.revision)).where(_of(job_id, language))
    ).scalar_one()
    file = newest[1] if newest else translated
    return Edition(last or 0, _revision_of(connection, job_id, language, output), file)


def _of(job_id: UUID, language: str) -> Any:
    return (SegmentEdit.job_id == job_id) & (SegmentEdit.language == language)


def _newest(connection: Connection, job_id: UUID) -> dict[str, tuple[int, FileRef]]:
    """For each language its latest change, if it was not translated anew since."""
    translated = (
        select(func.max(Run.number))
        .join(StageRun, StageRun.run_id == Run.id)
        .where(
            StageRun.job_id == SegmentEdit.job_id,
            StageRun.language == SegmentEdit.language,
            StageRun.stage == Stage.MT,
            StageRun.origin == "executed",
            StageRun.state == StageState.SUCCEEDED,
        )
        .correlate(SegmentEdit)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(SegmentEdit.__table__)
        .where(SegmentEdit.job_id == job_id, SegmentEdit.after_run >= func.coalesce(translated, 0))
        .order_by(SegmentEdit.revision)
    )
    return {
        row.language: (
            row.revision,
            FileRef(row.object_key, row.sha256, row.size, JSON, _filename(row.language)),
        )
        for row in rows
    }


def _used(connection: Connection, job_id: UUID, language: str, done: Stage) -> FileRef | None:
    """The lines of the latest run in which stage `done` succeeded."""
    run = (
        select(Run.id)
        .join(StageRun, StageRun.run_id == Run.id)
        .where(
            Run.job_id == job_id,
            StageRun.stage == done,
            StageRun.language == language,
            StageRun.state == StageState.SUCCEEDED,
        )
        .order_by(Run.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = connection.execute(
        select(
            *(Artifact.object_key, Artifact.sha256, Artifact.size),
            *(Artifact.mime, Artifact.filename),
        )
        .join(StageRun, made_by() == Artifact.stage_run_id)
        .where(StageRun.run_id == run, StageRun.language == language, Artifact.kind == KIND)
    ).one_or_none()
    return FileRef(*row) if row else None


def _revision_of(connection: Connection, job_id: UUID, language: str, file: FileRef | None) -> int:
    if file is None:
        return 0
    made = select(func.max(SegmentEdit.revision)).where(
        _of(job_id, language), SegmentEdit.sha256 == file.sha256
    )
    return connection.execute(made).scalar_one() or 0


def _write(
    connection: Connection, job_id: UUID, language: str, revision: int, file: FileRef
) -> None:
    last_run = select(func.max(Run.number)).where(Run.job_id == job_id).scalar_subquery()
    connection.execute(
        insert(SegmentEdit).values(
            job_id=job_id,
            language=language,
            revision=revision,
            after_run=last_run,
            object_key=file.key,
            sha256=file.sha256,
            size=file.size,
        )
    )


def _filename(language: str) -> str:
    return f"segments_{language}.json"


def _refuse_stale(seen: int, edition: Edition | None) -> None:
    latest = edition.revision if edition else 0
    if seen != latest:
        raise Conflict(
            "revision-stale",
            f"The lines were changed meanwhile: read revision {latest} and change that",
            revision=latest,
        )
