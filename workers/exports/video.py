"""A dub as a video file: its own, and the one with all languages that are complete."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from backend.documents.languages import iso639_2, own_name
from backend.pipeline.multilingual import JOINT, VIDEO
from workers.exports.hls import Mix
from workers.interfaces.stages import Made
from workers.media.decode import blocks, exactly
from workers.media.encode import encode, told
from workers.media.mux import MIMES, MP4_CODECS, Track, hides_start, mux, suffix_for
from workers.media.opus import RATE, write_opus
from workers.mixing.recording import Source

Progress = Callable[[float], None]


class Dub(NamedTuple):
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
    dub = Dub(mix.work.language, mix.dub, mix.captions)
    length = mix.source.duration
    out = mix.desk.workdir / f"dub.{suffix}"
    seconds = partial(_share, progress, length)
    _write(out, mix.source, mix.source_language, [dub], seconds)
    held = mix.source.sha256 != mix.recording.sha256
    return _made(VIDEO, out, mix.source, [dub], held=held)


def write_joint(
    recording: Source, source_language: str, dubs: Sequence[Dub], folder: Path, progress: Progress
) -> Made | None:
    """The dubs of some languages over the recording as it was sent, in one file.

    None if no container takes them. Raises `Permanent` when the picture cannot be copied.
    """
    suffix = _suffix(recording)
    if suffix is None:
        return None
    out = folder / f"all.{suffix}"
    seconds = partial(_share, progress, recording.duration)
    _write(out, recording, source_language, dubs, seconds)
    return _made(JOINT, out, recording, dubs, held=False)


def _suffix(source: Source) -> str | None:
    found = source.found
    if found is None or found.video is None:
        return None
    heard = found.audio.codec if found.audio else None
    suffix = suffix_for(found.format, found.video.codec, heard)
    return None if suffix == "mkv" and hides_start(source.path) else suffix


def _share(progress: Progress, length: float, time: float) -> None:
    progress(min(1.0, time / length))


def _write(
    out: Path, source: Source, source_language: str, dubs: Sequence[Dub], progress: Progress
) -> None:
    mux(
        source.path,
        out,
        dubs=[_track(_sound(dub, out.suffix), dub.language) for dub in dubs],
        original=_original(source, out, source_language, progress),
        captions=[_track(dub.captions, dub.language) for dub in dubs],
        progress=progress,
    )


def _track(path: Path, language: str) -> Track:
    return Track(path, iso639_2(language), own_name(language))


def _made(kind: str, out: Path, source: Source, dubs: Sequence[Dub], *, held: bool) -> Made:
    meta = {
        "duration": source.duration,
        "language": ",".join(dub.language for dub in dubs),
        "codec": source.found.video.codec if source.found and source.found.video else None,
        "audio_codec": "opus" if out.suffix == ".webm" else "aac",
        "held": held,
    }
    return Made(kind, out, MIMES[out.suffix[1:]], f"dub{out.suffix}", meta)


def _sound(dub: Dub, suffix: str) -> Path:
    """The dub in a codec that the container takes."""
    if suffix != ".webm":
        return dub.sound
    out = dub.sound.with_suffix(".ogg")
    write_opus(blocks(dub.sound, RATE, 2), out)
    return out


def _original(source: Source, out: Path, language: str, progress: Progress) -> Track | None:
    """The recording's sound, as AAC where it is none that MP4 takes."""
    heard = source.found and source.found.audio
    if not heard:
        return None
    track = _track(source.path, language)
    if out.suffix != ".mp4" or heard.codec in MP4_CODECS:
        return track
    return track._replace(path=_aac(source, track.language, out, progress))


def _aac(source: Source, language: str, film: Path, progress: Progress) -> Path:
    """The recording's sound beside the film, made once for both films that are to have it."""
    out = film.with_name("original.m4a")
    if not out.exists():
        sound = exactly(blocks(source.path, RATE, 2), round(source.duration * RATE), RATE, 2)
        encode(told(sound, lambda _: progress(0.0)), language, out)
    return out
