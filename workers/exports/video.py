"""A dub as a video file: its own, and the one with all languages that are complete."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from av.stream import Disposition

from backend.documents.languages import find_iso639_2, get_iso639_2, get_own_name
from backend.errors import Permanent
from backend.media.tracks import ANY
from backend.pipeline.artifact_kinds import ArtifactKind
from workers.audio.samples import RATE, Samples
from workers.exports.dub import Export, FinishedMix, MixedDub
from workers.interfaces.progress import Progress
from workers.interfaces.stages import StageContext, describe_output
from workers.media.containers import (
    carries_sound,
    choose_container,
    find_container,
    list_codecs,
)
from workers.media.decode import decode_blocks
from workers.media.encode import encode_m4a, tell_progress
from workers.media.hold import pause_sound
from workers.media.mux import Origin, Track, list_sounds, mux_film
from workers.media.opus import write_opus
from workers.mixing.recording import SourceRecording, decode_fitted, encode_recording
from workers.timing.holds import DubClock


class DubTracks(NamedTuple):
    """A language's sound (M4A) and captions (WebVTT)."""

    language: str
    sound: Path
    captions: Path


class _Picture(NamedTuple):
    """The film that has the picture, the kind of file that takes it, and whether it was encoded."""

    path: Path
    suffix: str
    codec: str
    encoded: bool = False


def export(dub: MixedDub, progress: Progress) -> Export:
    """`video`, where there is a picture."""
    return write_video(dub.finished_mix, progress)


def write_video(mix: FinishedMix, progress: Progress) -> Export:
    """The picture with dub, original and captions, and whatever else the recording has.

    `progress` gets 0..1. Raises `Permanent` when the picture can be neither copied nor decoded.
    """
    origin = Origin(mix.recording.path, mix.clock)
    dub = DubTracks(mix.inputs.language, mix.dub, mix.captions)
    film = _Film(mix.recording, mix.source, origin, mix.source_language, [dub], mix.context)
    made = film.write("dub", ArtifactKind.VIDEO, progress)
    told = {"source_language": mix.source_language}
    return replace(made, files=[replace(one, meta={**one.meta, **told}) for one in made.files])


def write_film(
    recording: SourceRecording,
    source_language: str,
    dubs: Sequence[DubTracks],
    context: StageContext,
) -> Export:
    """The dubs of some languages over the recording as it was sent, in one file.

    Nothing without a picture. Raises `Permanent` as `write_video` does.
    """
    origin = Origin(recording.path, DubClock(()))
    film = _Film(recording, recording, origin, source_language, dubs, context)
    return film.write("all", ArtifactKind.VIDEO_ALL, context.progress)


@dataclass(frozen=True)
class _Film:
    """What a film is made of: `source` is the recording as it was sent, or held."""

    recording: SourceRecording
    source: SourceRecording
    origin: Origin
    source_language: str
    dubs: Sequence[DubTracks]
    context: StageContext

    def write(self, name: str, kind: ArtifactKind, progress: Progress) -> Export:
        picture = self._find_picture(progress)
        if picture is None:
            return Export()
        out = self.context.workdir / f"{name}.{picture.suffix}"
        others, left = self._list_others(out, progress)
        left += mux_film(
            picture.path,
            out,
            sounds=[*self._list_dubs(out.suffix), *self._list_original(out, progress), *others],
            captions=[_build_track(dub.captions, dub.language) for dub in self.dubs],
            origin=self.origin,
            progress=lambda time: progress(min(1.0, time / self.source.duration)),
        )
        made = describe_output(kind, out, self._describe(picture))
        warnings = _list_warnings(self.source, picture, left)
        return Export([replace(made, filename=f"dub{out.suffix}")], warnings=list(warnings))

    def _find_picture(self, progress: Progress) -> _Picture | None:
        found, sent = self.source.found, self.recording.found
        if found is None or sent is None or found.video is None:
            return None
        codec, others = found.video.codec, list_codecs(self.recording.path)
        suffix = find_container(self.source.path, choose_container(sent.format, codec, others))
        if suffix:
            return _Picture(self.source.path, suffix, codec)
        encoded = encode_recording(self.source, self.context, progress)
        return _Picture(encoded, "mp4", "h264", encoded=True)

    def _list_dubs(self, suffix: str) -> list[Track]:
        tracks = [_build_track(_encode_dub(dub, suffix), dub.language) for dub in self.dubs]
        return [tracks[0]._replace(place=Disposition.default), *tracks[1:]]

    def _list_original(self, out: Path, progress: Progress) -> Iterator[Track]:
        """The sound that is heard under the dubs."""
        heard = self.source.found and self.source.found.audio
        own = self.recording.found and self.recording.found.audio
        if not (heard and own):
            return
        # What it says of itself stays; only what says nothing is in the language of the user.
        language = find_iso639_2(own.language)
        track = Track(
            self.source.path,
            language or get_iso639_2(self.source_language),
            own.title or get_own_name(language or self.source_language),
            self.source.track,
            Disposition.original,
        )
        sound = partial(decode_fitted, self.source)
        yield _convert_sound(track, heard.codec, sound, out, progress)

    def _list_others(self, out: Path, progress: Progress) -> tuple[list[Track], list[str]]:
        """The recording's further sound tracks, and those that cannot be carried over."""
        tracks, left = [], []
        for track, codec in list_sounds(self.recording.path):
            if track.chosen == self.recording.track:
                continue
            sound = partial(self._decode_other, track)
            # What is copied does not pause where the picture stands still.
            copied = codec if not self.origin.clock.holds else ""
            try:
                tracks.append(_convert_sound(track, copied, sound, out, progress))
            except Permanent:
                left.append(f"sound track {track.chosen.number} ({codec})")
        return tracks, left

    def _decode_other(self, track: Track) -> Iterator[Samples]:
        sound = decode_fitted(self.recording, track.chosen)
        return pause_sound(sound, self.origin.clock.holds)

    def _describe(self, picture: _Picture) -> dict[str, Any]:
        return {
            "duration": self.source.duration,
            "language": ",".join(dub.language for dub in self.dubs),
            "codec": picture.codec,
            "audio_codec": "opus" if picture.suffix == "webm" else "aac",
            "held": self.source.sha256 != self.recording.sha256,
        }


def _build_track(path: Path, language: str) -> Track:
    return Track(path, get_iso639_2(language), get_own_name(language))


def _encode_dub(dub: DubTracks, suffix: str) -> Path:
    """The dub in a codec that the container takes."""
    if suffix != ".webm":
        return dub.sound
    out = dub.sound.with_suffix(".ogg")
    write_opus(decode_blocks(dub.sound, RATE, 2), out)
    return out


def _convert_sound(
    track: Track,
    codec: str,
    decode: Callable[[], Iterator[Samples]],
    film: Path,
    progress: Progress,
) -> Track:
    """The track, in AAC beside the film where its container does not take the codec.

    It is made once for both films that are to have it. WebM holds nothing but what it takes.
    """
    if carries_sound(film.suffix[1:], codec):
        return track
    out = film.with_name(f"sound-{track.chosen.number}.m4a")
    if not out.exists():
        encode_m4a(tell_progress(decode(), lambda _: progress(0.0)), track.language, out)
    return track._replace(path=out, chosen=ANY)


def _list_warnings(
    source: SourceRecording, picture: _Picture, left: Sequence[str]
) -> Iterator[str]:
    if picture.encoded and source.found and source.found.video:
        yield (
            f"The picture was encoded as H.264: no container takes the {source.found.video.codec} "
            "picture of the recording as it is."
        )
    if left:
        yield (
            f"The dubbed video ({picture.suffix.upper()}) goes without what its container does not "
            f"take: {', '.join(left)}. The recording has it."
        )
