"""A dub as a video file: its own, and the one with all languages that are complete."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from backend.documents.languages import find_iso639_2, get_iso639_2, get_own_name
from backend.media.tracks import ANY
from backend.pipeline.artifact_kinds import ArtifactKind
from workers.audio.samples import RATE
from workers.exports.dub import Export, FinishedMix, MixedDub
from workers.interfaces.progress import Progress
from workers.interfaces.stages import OutputFile, describe_output
from workers.media.decode import decode_blocks
from workers.media.encode import encode_m4a, tell_progress
from workers.media.mux import (
    Track,
    can_carry_picture,
    carries_sound,
    choose_container,
    hides_start,
    mux_film,
)
from workers.media.opus import write_opus
from workers.mixing.recording import SourceRecording, decode_fitted


class DubTracks(NamedTuple):
    """A language's sound (M4A) and captions (WebVTT)."""

    language: str
    sound: Path
    captions: Path


def export(dub: MixedDub, progress: Progress) -> Export:
    """`video`, where there is a picture and a container takes it."""
    film = write_video(dub.finished_mix, progress)
    if film:
        return Export([film])
    found = dub.source.found
    if not (found and found.video):
        return Export()
    problem = (
        f"No dubbed video: a {found.video.codec} picture fits neither MP4 nor Matroska without "
        "being encoded again. Convert the source to H.264 in MP4 to get one."
    )
    return Export(warnings=[problem])


def write_video(mix: FinishedMix, progress: Progress) -> OutputFile | None:
    """The picture with dub, original and captions; None if no container takes them.

    `progress` gets 0..1. Raises `Permanent` when the picture cannot be copied.
    """
    suffix = _choose_suffix(mix.source)
    if suffix is None:
        return None
    dub = DubTracks(mix.inputs.language, mix.dub, mix.captions)
    length = mix.source.duration
    out = mix.context.workdir / f"dub.{suffix}"
    seconds = partial(_scale_progress, progress, length)
    _write_film_file(out, mix.source, mix.source_language, [dub], seconds)
    held = mix.source.sha256 != mix.recording.sha256
    video = _build_output(ArtifactKind.VIDEO, out, mix.source, [dub], held=held)
    return replace(video, meta={**video.meta, "source_language": mix.source_language})


def write_film(
    recording: SourceRecording,
    source_language: str,
    dubs: Sequence[DubTracks],
    folder: Path,
    progress: Progress,
) -> OutputFile | None:
    """The dubs of some languages over the recording as it was sent, in one file.

    None if no container takes them. Raises `Permanent` when the picture cannot be copied.
    """
    suffix = _choose_suffix(recording)
    if suffix is None:
        return None
    out = folder / f"all.{suffix}"
    seconds = partial(_scale_progress, progress, recording.duration)
    _write_film_file(out, recording, source_language, dubs, seconds)
    return _build_output(ArtifactKind.VIDEO_ALL, out, recording, dubs, held=False)


def _choose_suffix(source: SourceRecording) -> str | None:
    found = source.found
    if found is None or found.video is None:
        return None
    heard = found.audio.codec if found.audio else None
    suffix = choose_container(found.format, found.video.codec, heard)
    if not can_carry_picture(source.path, suffix):
        return None
    return None if suffix == "mkv" and hides_start(source.path) else suffix


def _scale_progress(progress: Progress, length: float, time: float) -> None:
    progress(min(1.0, time / length))


def _write_film_file(
    out: Path,
    source: SourceRecording,
    source_language: str,
    dubs: Sequence[DubTracks],
    progress: Progress,
) -> None:
    mux_film(
        source.path,
        out,
        dubs=[_build_track(_encode_dub(dub, out.suffix), dub.language) for dub in dubs],
        original=_encode_original(source, out, source_language, progress),
        captions=[_build_track(dub.captions, dub.language) for dub in dubs],
        progress=progress,
    )


def _build_track(path: Path, language: str) -> Track:
    return Track(path, get_iso639_2(language), get_own_name(language))


def _build_output(
    kind: str, out: Path, source: SourceRecording, dubs: Sequence[DubTracks], *, held: bool
) -> OutputFile:
    meta = {
        "duration": source.duration,
        "language": ",".join(dub.language for dub in dubs),
        "codec": source.found.video.codec if source.found and source.found.video else None,
        "audio_codec": "opus" if out.suffix == ".webm" else "aac",
        "held": held,
    }
    return replace(describe_output(kind, out, meta), filename=f"dub{out.suffix}")


def _encode_dub(dub: DubTracks, suffix: str) -> Path:
    """The dub in a codec that the container takes."""
    if suffix != ".webm":
        return dub.sound
    out = dub.sound.with_suffix(".ogg")
    write_opus(decode_blocks(dub.sound, RATE, 2), out)
    return out


def _encode_original(
    source: SourceRecording, out: Path, language: str, progress: Progress
) -> Track | None:
    """The recording's sound, as AAC where it is none that the container takes."""
    heard = source.found and source.found.audio
    if not heard:
        return None
    # What it says of itself stays; only what says nothing is in the language that the user names.
    own = find_iso639_2(heard.language)
    track = Track(
        source.path,
        own or get_iso639_2(language),
        heard.title or get_own_name(own or language),
        source.track,
    )
    if carries_sound(out.suffix[1:], heard.codec):
        return track
    return track._replace(path=_encode_aac(source, track.language, out, progress), chosen=ANY)


def _encode_aac(source: SourceRecording, language: str, film: Path, progress: Progress) -> Path:
    """The recording's sound beside the film, made once for both films that are to have it."""
    out = film.with_name("original.m4a")
    if not out.exists():
        sound = decode_fitted(source)
        encode_m4a(tell_progress(sound, lambda _: progress(0.0)), language, out)
    return out
