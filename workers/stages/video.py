"""A dub as a video file: its own, and the one with all languages that are complete."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from backend.core.languages import iso639_2
from backend.core.stages import JOINT
from workers.media.decode import blocks
from workers.media.mux import MIMES, Track, mux, suffix_for
from workers.media.opus import RATE, write_opus
from workers.stages.base import Made, Mixes
from workers.stages.package import Mix
from workers.stages.source import Source

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
    suffix = _suffix(mix.source)
    if suffix is None:
        return None
    dub = _Dub(mix.work.language, mix.dub, mix.captions)
    length = mix.source.duration
    out = mix.desk.workdir / f"dub.{suffix}"
    told = partial(_share, progress, length)
    _write(out, mix.source, mix.source_language, [dub], told)
    held = mix.source.sha256 != mix.recording.sha256
    return _made("video", out, mix.source, [dub], held=held)


def joint(mix: Mix) -> Callable[[Mixes], Made] | None:
    """Puts the dubs of some languages over the recording as it was sent, into one file.

    That raises `Permanent` when one of them cannot be used. None if no container takes them.
    """
    recording, desk = mix.recording, mix.desk
    suffix = _suffix(recording)
    if suffix is None:
        return None
    out = desk.workdir / f"all.{suffix}"
    fetch = cache(desk.fetch)

    def together(mixes: Mixes) -> Made:
        dubs = [
            _Dub(language, fetch(files["audio"]), fetch(files["captions_vtt"]))
            for language, files in mixes.items()
        ]
        _write(out, recording, mix.source_language, dubs, lambda _: desk.progress(1.0))
        return _made(JOINT, out, recording, dubs, held=False)

    return together


def _suffix(source: Source) -> str | None:
    found = source.found
    if found is None or found.video is None:
        return None
    return suffix_for(found.format, {s.codec for s in (found.video, found.audio) if s})


def _share(progress: Progress, length: float, time: float) -> None:
    progress(min(1.0, time / length))


def _write(
    out: Path, source: Source, source_language: str, dubs: Sequence[_Dub], progress: Progress
) -> None:
    mux(
        source.path,
        out,
        dubs=[Track(_sound(dub, out.suffix), iso639_2(dub.language)) for dub in dubs],
        captions=[Track(dub.captions, iso639_2(dub.language)) for dub in dubs],
        source_language=iso639_2(source_language),
        progress=progress,
    )


def _made(kind: str, out: Path, source: Source, dubs: Sequence[_Dub], *, held: bool) -> Made:
    meta = {
        "duration": source.duration,
        "language": ",".join(dub.language for dub in dubs),
        "codec": source.found.video.codec if source.found and source.found.video else None,
        "audio_codec": "opus" if out.suffix == ".webm" else "aac",
        "held": held,
    }
    return Made(kind, out, MIMES[out.suffix[1:]], f"dub{out.suffix}", meta)


def _sound(dub: _Dub, suffix: str) -> Path:
    """The dub in a codec that the container takes."""
    if suffix != ".webm":
        return dub.sound
    out = dub.sound.with_suffix(".ogg")
    write_opus(blocks(dub.sound, RATE, 2), out)
    return out
