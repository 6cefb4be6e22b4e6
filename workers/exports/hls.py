"""What a mixed dub is delivered as for players: streams for HLS."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.errors import Permanent
from backend.hls.index import Package, Role, Stream
from backend.media.probe import Probe
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.interfaces.stages import Desk, Kept, Made, Work
from workers.media import hls
from workers.mixing.recording import Source

Progress = Callable[[float], None]
Maker = Callable[[Path, Path, Progress], Stream]


@dataclass(frozen=True)
class Mix:
    """A finished mix: `dub` is M4A, `captions` WebVTT, both as long as the source.

    `source` is what is seen and heard under it: the `recording` as it was sent, or held.
    """

    work: Work
    desk: Desk
    recording: Source
    source: Source
    source_language: str
    dub: Path
    captions: Path


@dataclass(frozen=True)
class Streams:
    """The files of an HLS package: those of this language, those of all, and what they lack."""

    made: tuple[Made, ...]
    kept: tuple[Kept, ...]
    warnings: tuple[str, ...]


def streams(mix: Mix, progress: Progress) -> Streams:
    """The HLS package: `hls_*` for each stream, and `hls`, their index.

    Without a picture that can be decoded it is sound only, with a warning.
    """
    found, kept, warnings = {}, [], []
    half = {Role.VIDEO: (0.0, 0.5), Role.ORIGINAL: (0.5, 1.0)}
    for role, make in _shared_makers(mix.source.found).items():
        try:
            file, found[role] = _shared(mix, role, make, _seconds(mix, progress, *half[role]))
        except Permanent as error:
            warnings.append(f"Streaming goes without the {role}. {error}")
        else:
            kept.append(Kept(role.kind, file, f"hls.{role}.mp4"))
    made, own = _own(mix)
    return Streams((*made, _index(mix, found | own)), tuple(kept), tuple(warnings))


def _index(mix: Mix, found: dict[Role, Stream]) -> Made:
    package = Package(
        source=mix.source.sha256,
        language=mix.work.language,
        source_language=mix.source_language,
        streams=found,
    )
    path = mix.desk.workdir / "hls.json"
    path.write_bytes(package.to_bytes())
    return Made("hls", path, "application/json", path.name)


def _seconds(mix: Mix, progress: Progress, begin: float, end: float) -> Progress:
    """Tells a part of the whole, given seconds."""
    return lambda time: progress(begin + (end - begin) * min(1.0, time / mix.source.duration))


def _own(mix: Mix) -> tuple[list[Made], dict[Role, Stream]]:
    dub, text = (mix.desk.workdir / name for name in ("hls.dub.mp4", "hls.subtitles.vtt"))
    own = {
        Role.DUB: hls.audio(mix.dub, dub, _untold),
        Role.SUBTITLES: hls.subtitles(mix.captions, text, mix.source.duration),
    }
    made = [
        Made(Role.DUB.kind, dub, "audio/mp4", dub.name),
        Made(Role.SUBTITLES.kind, text, "text/vtt", text.name),
    ]
    return made, own


def _shared_makers(found: Probe | None) -> dict[Role, Maker]:
    """How the streams are made that are the same for all languages."""
    if found is None:
        return {}
    makers = {Role.VIDEO: (found.video, hls.video), Role.ORIGINAL: (found.audio, hls.audio)}
    return {role: make for role, (there, make) in makers.items() if there}


def _shared(mix: Mix, role: Role, make: Maker, progress: Progress) -> tuple[StoredFile, Stream]:
    """A stream of the source, made once for all languages, runs and jobs.

    Its description is kept under the hash of the stream, so that the two always fit.
    """
    key = _content_key(role, mix.source)
    # A language that waits for another one to encode is done no later, and both share the cores.
    with mix.desk.alone(f"{role}-{key[:2]}"):
        return _kept(mix.desk, key) or _made(mix, role, key, make, progress)


def _kept(desk: Desk, key: str) -> tuple[StoredFile, Stream] | None:
    file = desk.streams.get(key)
    described = file and desk.streams.get(file.sha256)
    if file is None or described is None:
        return None
    return file, Stream.model_validate_json(desk.fetch(described).read_bytes())


def _made(
    mix: Mix, role: Role, key: str, make: Maker, progress: Progress
) -> tuple[StoredFile, Stream]:
    out = mix.desk.workdir / f"hls.{role}.mp4"
    stream = make(mix.source.path, out, progress)
    description = out.with_suffix(".json")
    description.write_bytes(stream.to_bytes())
    file = mix.desk.streams.put(key, out)
    mix.desk.streams.put(file.sha256, description)
    out.unlink()
    return file, stream


def _content_key(role: Role, source: Source) -> str:
    made_of = {"role": role, "media": source.sha256, "code": STAGES[Stage.MIX].code_version}
    return hash_json(made_of)


def _untold(_: float) -> None:
    """Repackaging the dub takes no time worth telling."""
