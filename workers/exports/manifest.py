"""`manifest.json`: every file of a dub, and how it was made."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from backend.documents.base import Document
from backend.documents.speech import Placement, Speech
from backend.documents.transcripts import Translation
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import object_key
from backend.pipeline.params import Bed, Providers
from backend.pipeline.stages import Stage
from workers.interfaces.stages import Made, Work
from workers.mixing.index import Measured
from workers.mixing.mixdown import Mixdown
from workers.report.document import Sums


class Source(Document):
    """The recording that was dubbed."""

    filename: str
    sha256: str
    language: str
    duration: float


class File(Document):
    """A file of the dub; `meta` says what its kind of file has to say, such as its codec."""

    kind: str
    key: str  # in storage
    filename: str
    mime: str
    sha256: str
    size: int
    meta: dict[str, Any]


class Spoken(Document):
    """Where a line sounds, in seconds, how much faster than is natural, and in whose voice.

    The picture is held for it for `hold` seconds.
    """

    id: int
    start: float
    duration: float
    rate: float
    hold: float
    spoken_at: float  # the rate that the voice was asked for
    voice: str


class Manifest(Document):
    """What `manifest.json` holds; `level` is the dub's speech in LUFS."""

    version: str
    job: str
    run: int
    language: str
    source: Source
    providers: Providers
    bed: Bed
    level: float
    loudness: Measured
    report: Sums
    lines: tuple[Spoken, ...]
    inputs: tuple[File, ...]
    files: tuple[File, ...]


def manifest(
    work: Work,
    translation: Translation,
    speech: Speech,
    *,
    placements: Sequence[Placement],
    mixed: Mixdown,
    sums: Sums,
    made: Sequence[Made],
) -> Manifest:
    """Describe the files made; reads each of them for its hash."""
    clips = {clip.id: clip for clip in speech.clips}
    return Manifest(
        version=version("dubline"),
        job=work.job_id,
        run=work.run_number,
        language=work.language,
        source=_source(work.files["media"], translation),
        providers=work.params.providers,
        bed=mixed.bed,
        level=mixed.contents.level,
        loudness=mixed.measured,
        report=sums,
        lines=tuple(
            Spoken(
                id=placed.id,
                start=placed.start,
                duration=placed.duration,
                rate=placed.rate,
                hold=placed.hold,
                spoken_at=clips[placed.id].rate,
                voice=clips[placed.id].voice,
            )
            for placed in placements
        ),
        inputs=tuple(_input(kind, file) for kind, file in work.files.items()),
        files=tuple(_file(work, one) for one in made),
    )


def _source(media: StoredFile, translation: Translation) -> Source:
    return Source(
        filename=media.filename,
        sha256=media.sha256,
        language=translation.source_language,
        duration=translation.duration,
    )


def _input(kind: str, file: StoredFile) -> File:
    return File(
        kind=kind,
        key=file.key,
        filename=file.filename,
        mime=file.mime,
        sha256=file.sha256,
        size=file.size,
        meta={},
    )


def _file(work: Work, made: Made) -> File:
    with made.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = made.path.stat().st_size
    return File(
        kind=made.kind,
        key=object_key(work.job_id, Stage.MIX, work.language, sha256, made.filename),
        filename=made.filename,
        mime=made.mime,
        sha256=sha256,
        size=size,
        meta=dict(made.meta),
    )
