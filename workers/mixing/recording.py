"""The recording that a dub is laid over: as it was sent, or held for lines that are too long."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import av
import soundfile as sf
from av.stream import Disposition

from backend.media.completeness import list_damage_warnings
from backend.media.container import open_media
from backend.media.probe import Probe, list_track_warnings, probe_media
from backend.media.tracks import ANY, TrackWish
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.audio.samples import RATE, Samples
from workers.interfaces.stages import StageContext, load_reusable
from workers.media.decode import UNREPAIRED, Repairs, decode_blocks, fit_blocks
from workers.media.encode import encode_m4a, tell_progress
from workers.media.h264 import encode_picture
from workers.media.hold import pause_sound
from workers.media.mux import Track, mux_film
from workers.media.survey import SoundSurvey, fetch_survey
from workers.timing.holds import DubClock

NOTHING_FOUND = SoundSurvey()
UNTOLD = "und"  # whoever delivers the sound tells its language

Progress = Callable[[float], None]  # gets 0..1


@dataclass(frozen=True)
class SourceRecording:
    """The recording and its length in seconds; text that stands for one has no `found`.

    `survey` tells what its sound needs, which one that is held has got already.
    """

    path: Path
    sha256: str
    duration: float
    found: Probe | None = None
    survey: SoundSurvey = NOTHING_FOUND

    @property
    def sounds(self) -> bool:
        """Whether there is anything to hear."""
        return self.found is not None and self.found.audio is not None

    @property
    def track(self) -> TrackWish:
        """The sound track that is heard."""
        return TrackWish(number=self.found.track) if self.found else ANY

    @property
    def fps(self) -> float | None:
        """Of the picture, if there is one."""
        return self.found.video.fps if self.found and self.found.video else None


def fetch_recording(
    media: StoredFile, context: StageContext, said: float, wish: TrackWish
) -> SourceRecording:
    """The recording; `said` is the length that the transcript tells, which is all for text."""
    path = context.fetch(media)
    if media.mime.startswith("text/"):
        return SourceRecording(path, media.sha256, said)
    found = probe_media(path, media.filename, wish, context.media_limits)
    recording = SourceRecording(path, media.sha256, found.duration, found)
    if not recording.sounds:
        return recording
    return replace(recording, survey=fetch_survey(media, path, recording.track, context))


def list_recording_warnings(source: SourceRecording, language: str) -> list[str]:
    """What a user ought to know of it, who says that it is in this language."""
    if source.found is None:
        return []
    return [
        *list_track_warnings(source.found, language),
        *list_damage_warnings(source.found),
        *source.survey.list_warnings(),
    ]


def hold_recording(
    source: SourceRecording, clock: DubClock, context: StageContext, progress: Progress
) -> SourceRecording:
    """The recording as the clock holds it, made once: MP4 (H.264, AAC), or FLAC if it is sound.

    Raises `Permanent` when it cannot be decoded.
    """
    if not clock.holds:
        return source
    duration = clock.compute_length(source.duration)
    if source.found is None:
        return replace(source, duration=duration)
    key = _compute_content_key(source, clock)
    with context.hold_alone(f"held-{key[:2]}"):
        there = load_reusable(context.streams, key, context)
        if there is None:
            made = _write_held(source, source.found, clock, context.workdir, progress)
            there = context.streams.put(key, made), made
    file, path = there
    return SourceRecording(path, file.sha256, duration, probe_media(path))


def encode_recording(source: SourceRecording, context: StageContext, progress: Progress) -> Path:
    """The picture of the recording as H.264 in MP4, made once; raises `Permanent` as above."""
    key = hash_json({"encoded": source.sha256, "code": STAGES[Stage.MIX].code_version})
    with context.hold_alone(f"encoded-{key[:2]}"):
        there = load_reusable(context.streams, key, context)
        if there:
            return there[1]
        made = context.workdir / "encoded.mp4"
        with open_media(source.path) as container, av.open(made, "w") as target:
            for time in encode_picture(container, target):
                progress(min(1.0, time / source.duration))
        context.streams.put(key, made)
        return made


def decode_fitted(
    source: SourceRecording, track: TrackWish | None = None, repairs: Repairs = UNREPAIRED
) -> Iterator[Samples]:
    """The sound of the recording, exactly as long as it; of another `track` if one is named."""
    sound = decode_blocks(source.path, RATE, 2, track=track or source.track, repairs=repairs)
    return fit_blocks(sound, round(source.duration * RATE), RATE, 2)


def _compute_content_key(source: SourceRecording, clock: DubClock) -> str:
    heard = source.found.track if source.found else None
    made_of = {
        "held": clock.holds,
        "media": source.sha256,
        "track": heard,
        "code": STAGES[Stage.MIX].code_version,
    }
    return hash_json(made_of)


def _write_held(
    source: SourceRecording, found: Probe, clock: DubClock, folder: Path, progress: Progress
) -> Path:
    whole = decode_fitted(source, repairs=source.survey.repairs)
    seconds = partial(_ignore_progress, progress)
    sound = tell_progress(pause_sound(whole, clock.holds), seconds)
    if found.video is None:
        return _write_flac(sound, folder / "held.flac")
    silent, out = folder / "silent.mp4", folder / "held.mp4"
    with open_media(source.path) as container, av.open(silent, "w") as target:
        for time in encode_picture(container, target, clock.holds):
            progress(time / clock.compute_length(source.duration))
    tracks = []
    if found.audio:
        tracks.append(Track(folder / "held.m4a", UNTOLD, place=Disposition.default))
        encode_m4a(sound, UNTOLD, tracks[0].path)
    mux_film(silent, out, sounds=tracks, captions=[], progress=seconds)
    return out


def _write_flac(sound: Iterable[Samples], out: Path) -> Path:
    with sf.SoundFile(out, "w", RATE, 2, "PCM_24", format="FLAC") as file:
        for block in sound:
            file.write(block)
    return out


def _ignore_progress(progress: Progress, _: float) -> None:
    """Sound and copying take no time worth telling beside the picture."""
    progress(1.0)
