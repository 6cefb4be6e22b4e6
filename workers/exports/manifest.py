"""`manifest.json`: every file of a dub, and how it was made."""

from importlib.metadata import version
from typing import Any

from backend.documents.base import Document
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import build_object_key
from backend.pipeline.params import Bed
from backend.pipeline.stages import Stage
from workers.exports.dub import Export, MixedDub
from workers.interfaces.progress import Progress
from workers.interfaces.stages import OutputFile, StageInput, describe_output
from workers.mixing.index import MeasuredMix
from workers.report.document import ReportSums


class ManifestSource(Document):
    """The recording that was dubbed."""

    filename: str
    sha256: str
    language: str
    duration: float
    track: int | None  # the sound track that was heard, from 1
    track_language: str | None  # as the file tells it
    track_title: str | None


class ManifestFile(Document):
    """A file of the dub; `meta` says what its kind of file has to say, such as its codec."""

    kind: str
    key: str  # in storage
    filename: str
    mime: str
    sha256: str
    size: int
    meta: dict[str, Any]


class ManifestLine(Document):
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
    source: ManifestSource
    providers: dict[Stage, str | None]  # who did it; None for what was given
    bed: Bed
    level: float
    loudness: MeasuredMix
    report: ReportSums
    lines: tuple[ManifestLine, ...]
    inputs: tuple[ManifestFile, ...]
    files: tuple[ManifestFile, ...]


def export(dub: MixedDub, _progress: Progress) -> Export:
    """`manifest`, of all files made before it."""
    path = dub.context.workdir / "manifest.json"
    path.write_bytes(build_manifest(dub).to_bytes())
    return Export([describe_output(ArtifactKind.MANIFEST, path, {"language": dub.inputs.language})])


def build_manifest(dub: MixedDub) -> Manifest:
    """Describe the files made; the report's sums are told with its file."""
    inputs, mixed = dub.inputs, dub.mixed
    clips = {clip.id: clip for clip in dub.speech.clips}
    return Manifest(
        version=version("dubline"),
        job=inputs.job_id,
        run=inputs.run_number,
        language=inputs.language,
        source=_describe_source(dub),
        providers={one.stage: one.provider for one in inputs.upstream},
        bed=mixed.bed,
        level=mixed.contents.level,
        loudness=mixed.measured,
        report=_read_sums(dub),
        lines=tuple(
            ManifestLine(
                id=placed.id,
                start=placed.start,
                duration=placed.duration,
                rate=placed.rate,
                hold=placed.hold,
                spoken_at=clips[placed.id].rate,
                voice=clips[placed.id].voice,
            )
            for placed in dub.placements
        ),
        inputs=tuple(_describe_input(kind, file) for kind, file in inputs.files.items()),
        files=tuple(_describe_file(inputs, one) for one in dub.files),
    )


def _read_sums(dub: MixedDub) -> ReportSums:
    """The sums, which the report's file carries."""
    [meta] = [one.meta for one in dub.files if one.kind == ArtifactKind.REPORT]
    return ReportSums(**{name: meta[name] for name in ReportSums.model_fields})


def _describe_source(dub: MixedDub) -> ManifestSource:
    media, translation, found = dub.inputs.files["media"], dub.translation, dub.recording.found
    heard = found.audio if found else None
    return ManifestSource(
        filename=media.filename,
        sha256=media.sha256,
        language=translation.source_language,
        duration=translation.duration,
        track=found.track if found else None,
        track_language=heard.language if heard else None,
        track_title=heard.title if heard else None,
    )


def _describe_input(kind: str, file: StoredFile) -> ManifestFile:
    return ManifestFile(
        kind=kind,
        key=file.key,
        filename=file.filename,
        mime=file.mime,
        sha256=file.sha256,
        size=file.size,
        meta={},
    )


def _describe_file(inputs: StageInput, made: OutputFile) -> ManifestFile:
    place = (inputs.job_id, Stage.MIX, inputs.language)
    return ManifestFile(
        kind=made.kind,
        key=build_object_key(*place, made.sha256, made.filename),
        filename=made.filename,
        mime=made.mime,
        sha256=made.sha256,
        size=made.path.stat().st_size,
        meta=dict(made.meta),
    )
