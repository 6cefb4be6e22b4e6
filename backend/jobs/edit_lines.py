"""What users change in the lines of a dub, and what of it the next run has to take up.

Each change makes a new revision of `segments_<lang>.json`, and so does a run that translates anew.
The next run takes the latest change in place of what `mt` made, as with translations that users
bring; what was changed before the lines were translated anew belongs to an older translation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, insert, select

from backend.artifacts.revisions import LinesRevision, build_lines_filename, read_edition
from backend.database.engine import Database
from backend.database.models.jobs import SegmentEdit
from backend.database.models.runs import StageRun
from backend.documents.transcripts import Line, Translation, merge_speakers
from backend.errors import Conflict, Invalid, NotFound
from backend.jobs import access
from backend.media.mime import MIME_TYPES
from backend.pipeline.files import StoredFile
from backend.pipeline.stages import Stage
from backend.pipeline.states import UNFINISHED
from backend.runs import events
from backend.runs.events import Event, EventType
from backend.storage.base import BlobStore
from backend.storage.hashing import compute_sha256


@dataclass(frozen=True)
class LineEditor:
    """Reads and changes the lines of jobs; `scratch` is a folder for temporary files."""

    db: Database
    store: BlobStore
    scratch: Path

    def read_current(
        self, user_id: UUID, job_id: UUID, language: str
    ) -> tuple[LinesRevision, Translation]:
        """The lines of a language as they stand; raises `NotFound` before there are any."""
        with self.db.read() as connection:
            access.read_job(connection, user_id, job_id)
            edition = read_edition(connection, job_id, language)
        if edition is None:
            raise NotFound(f"This job has no lines in '{language}': it was not translated so far")
        with TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "segments"
            self.store.fetch(edition.file.key, path)
            return edition, Translation.model_validate_json(path.read_bytes())

    def change_line(
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

        Raises `Conflict` `revision-stale` when it is not the latest any more, and
        `translation-running` while a run makes others; `NotFound`, `Invalid`.
        """
        edition, translation = self.read_current(user_id, job_id, language)
        _refuse_stale(revision, edition)
        changed, line = replace_line(translation, line_id, values)
        file = self._store_lines(job_id, language, changed)
        with self.db.write() as connection:
            events.lock_job(connection, job_id)
            _refuse_translating(connection, job_id, language)
            _refuse_stale(revision, read_edition(connection, job_id, language))
            _write_edit(
                connection, job_id, language, replace(edition, revision=revision + 1, file=file)
            )
            data = {"segment": line_id, "revision": revision + 1}
            event = Event(EventType.SEGMENT_EDITED, language=language, data=data)
            events.record(connection, job_id, event)
        return revision + 1, line

    def _store_lines(self, job_id: UUID, language: str, translation: Translation) -> StoredFile:
        content = translation.to_bytes()
        sha256 = compute_sha256(content)
        name = build_lines_filename(language)
        key = f"jobs/{job_id}/edits/{language}/{sha256[:16]}/{name}"
        with TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            self.store.put(key, path, mime=MIME_TYPES[".json"], sha256=sha256)
        return StoredFile(key, sha256, len(content), MIME_TYPES[".json"], name)


def replace_line(
    translation: Translation, line_id: int, values: Mapping[str, Any]
) -> tuple[Translation, Line]:
    """The document with some values of one line changed, its lines in time order."""
    old = next((line for line in translation.lines if line.id == line_id), None)
    if old is None:
        raise NotFound(f"There is no segment {line_id}; they are 0 to {len(translation.lines) - 1}")
    try:
        line = Line.model_validate(old.model_dump() | dict(values) | {"original": None})
    except ValidationError as error:
        problem = error.errors()[0]
        raise Invalid(str(problem["loc"][0]), problem["msg"]) from None
    if (line.start, line.end) != (old.start, old.end):
        _check_times(line, translation.duration)
    first = old.original or old
    if line != first:  # what is taken back is as if it had never been changed
        line = line.model_copy(update={"original": first})
    lines = [line if one.id == line_id else one for one in translation.lines]
    ordered = tuple(sorted(lines, key=lambda one: (one.start, one.id)))
    # Whoever is new comes last, so that everybody else keeps their voice.
    speakers = merge_speakers(translation.speakers, [line])
    return translation.model_copy(update={"lines": ordered, "speakers": speakers}), line


def _check_times(line: Line, duration: float) -> None:
    if line.end <= line.start:
        raise Invalid("end", f"must be after start ({line.start:g} s), not {line.end:g} s")
    if line.end > duration:
        raise Invalid("end", f"{line.end:g} s is after the recording ({duration:g} s)")


def _refuse_translating(connection: Connection, job_id: UUID, language: str) -> None:
    """What is edited while it is translated anew would be lost with the old translation."""
    mine = (StageRun.job_id == job_id) & (StageRun.language == language)
    waits = select(StageRun.id).where(
        mine, StageRun.stage == Stage.MT, StageRun.state.in_(UNFINISHED)
    )
    if connection.execute(waits).first():
        raise Conflict(
            "translation-running",
            f"'{language}' is being translated anew: wait for that, or cancel the run",
        )


def _write_edit(
    connection: Connection, job_id: UUID, language: str, edition: LinesRevision
) -> None:
    connection.execute(
        insert(SegmentEdit).values(
            job_id=job_id,
            language=language,
            revision=edition.revision,
            after_run=edition.run,
            object_key=edition.file.key,
            sha256=edition.file.sha256,
            size=edition.file.size,
        )
    )


def _refuse_stale(seen: int, edition: LinesRevision | None) -> None:
    latest = edition.revision if edition else 0
    if seen != latest:
        raise Conflict(
            "revision-stale",
            f"The lines were changed meanwhile: read revision {latest} and change that",
            revision=latest,
        )
