"""A dub as a video file: its own, and the one with all languages that are complete."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from backend.core.errors import Damaged
from backend.core.languages import iso639_2
from backend.core.stages import JOINT
from backend.hls.index import Package
from workers.media.decode import blocks
from workers.media.mux import MIMES, Track, mux, suffix_for
from workers.media.opus import RATE, write_opus
from workers.stages.base import Made, Mixes, StoredFile
from workers.stages.package import Mix

Progress = Callable[[float], None]


class _Dub(NamedTuple):
    """A language's sound (M4A) and captions (WebVTT)."""

    language: str
    sound: Path
    captions: Path


def own(mix: Mix, progress: Progress) -> Made | None:
    """The picture with dub, original and captions; None if no container takes them.

    `progress` gets 0..1. Raises `Permanent` when the picture cannot be copied.
    """
    dub = _Dub(mix.work.language, mix.dub, mix.captions)
    length = mix.source.duration
    return _made("video", mix, [dub], "dub", lambda time: progress(min(1.0, time / length)))


def joint(mix: Mix, mixes: Mixes) -> Made | None:
    """The picture with all dubs and captions that go with it; None if this is the only one."""
    dubs = list(_together(mix, mixes))
    if all(dub.language == mix.work.language for dub in dubs):
        return None
    return _made(JOINT, mix, dubs, "all", lambda _: mix.desk.progress(1.0))


def _together(mix: Mix, mixes: Mixes) -> Iterator[_Dub]:
    for language, files in mixes.items():
        if language == mix.work.language:
            yield _Dub(language, mix.dub, mix.captions)
        elif files:
            try:
                yield from _other(mix, language, files)
            except Damaged:
                continue  # its own job's next run makes it again


def _other(mix: Mix, language: str, files: Mapping[str, StoredFile]) -> Iterator[_Dub]:
    """Another language, unless its picture is held elsewhere."""
    package = Package.model_validate_json(mix.desk.fetch(files["hls"]).read_bytes())
    if package.source == mix.source.sha256:
        yield _Dub(language, mix.desk.fetch(files["audio"]), mix.desk.fetch(files["captions_vtt"]))


def _made(kind: str, mix: Mix, dubs: Sequence[_Dub], name: str, progress: Progress) -> Made | None:
    found = mix.source.found
    if found is None or found.video is None:
        return None
    suffix = suffix_for(found.format, {s.codec for s in (found.video, found.audio) if s})
    if suffix is None:
        return None
    out = mix.desk.workdir / f"{name}.{suffix}"
    mux(
        mix.source.path,
        out,
        dubs=[Track(_sound(dub, suffix), iso639_2(dub.language)) for dub in dubs],
        captions=[Track(dub.captions, iso639_2(dub.language)) for dub in dubs],
        source_language=iso639_2(mix.source_language),
        progress=progress,
    )
    meta = {
        "duration": mix.source.duration,
        "language": ",".join(dub.language for dub in dubs),
        "codec": found.video.codec,
        "audio_codec": "opus" if suffix == "webm" else "aac",
    }
    return Made(kind, out, MIMES[suffix], f"dub.{suffix}", meta)


def _sound(dub: _Dub, suffix: str) -> Path:
    """The dub in a codec that the container takes."""
    if suffix != "webm":
        return dub.sound
    out = dub.sound.with_suffix(".ogg")
    write_opus(blocks(dub.sound, RATE, 2), out)
    return out
