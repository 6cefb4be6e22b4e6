"""The recording that a dub is laid over: as it was sent, or held for lines that are too long."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import av
import soundfile as sf

from backend.media.container import opened
from backend.media.probe import Probe, probe
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.audio.samples import RATE, Samples
from workers.interfaces.stages import Desk, kept
from workers.media.decode import blocks, exactly
from workers.media.encode import encode, told
from workers.media.h264 import encoded
from workers.media.hold import paused
from workers.media.mux import Track, mux
from workers.timing.holds import Clock

UNTOLD = "und"  # whoever delivers the sound tells its language

Progress = Callable[[float], None]  # gets 0..1


@dataclass(frozen=True)
class Source:
    """The recording and its length in seconds; text that stands for one has no `found`."""

    path: Path
    sha256: str
    duration: float
    found: Probe | None = None

    @property
    def sounds(self) -> bool:
        """Whether there is anything to hear."""
        return self.found is not None and self.found.audio is not None

    @property
    def fps(self) -> float | None:
        """Of the picture, if there is one."""
        return self.found.video.fps if self.found and self.found.video else None


def sent(media: StoredFile, desk: Desk, said: float) -> Source:
    """The recording; `said` is the length that the transcript tells, which is all for text."""
    path = desk.fetch(media)
    if media.mime.startswith("text/"):
        return Source(path, media.sha256, said)
    found = probe(path, media.filename)
    return Source(path, media.sha256, found.duration, found)


def held(source: Source, clock: Clock, desk: Desk, progress: Progress) -> Source:
    """The recording as the clock holds it, made once: MP4 (H.264, AAC), or FLAC if it is sound.

    Raises `Permanent` when it cannot be decoded.
    """
    if not clock.holds:
        return source
    duration = clock.length(source.duration)
    if source.found is None:
        return replace(source, duration=duration)
    key = _content_key(source, clock)
    with desk.alone(f"held-{key[:2]}"):
        there = kept(desk.streams, key, desk)
        if there is None:
            made = _written(source, source.found, clock, desk.workdir, progress)
            there = desk.streams.put(key, made), made
    file, path = there
    return Source(path, file.sha256, duration, probe(path))


def _content_key(source: Source, clock: Clock) -> str:
    made_of = {"held": clock.holds, "media": source.sha256, "code": STAGES[Stage.MIX].code_version}
    return hash_json(made_of)


def _written(source: Source, found: Probe, clock: Clock, folder: Path, progress: Progress) -> Path:
    whole = exactly(blocks(source.path, RATE, 2), round(source.duration * RATE), RATE, 2)
    seconds = partial(_done, progress)
    sound = told(paused(whole, clock.holds), seconds)
    if found.video is None:
        return _flac(sound, folder / "held.flac")
    silent, out = folder / "silent.mp4", folder / "held.mp4"
    with opened(source.path) as container, av.open(silent, "w") as target:
        for time in encoded(container, target, clock.holds):
            progress(time / clock.length(source.duration))
    tracks = []
    if found.audio:
        tracks.append(Track(folder / "held.m4a", UNTOLD))
        encode(sound, UNTOLD, tracks[0].path)
    mux(silent, out, dubs=tracks, original=None, captions=[], progress=seconds)
    return out


def _flac(sound: Iterable[Samples], out: Path) -> Path:
    with sf.SoundFile(out, "w", RATE, 2, "PCM_24", format="FLAC") as file:
        for block in sound:
            file.write(block)
    return out


def _done(progress: Progress, _: float) -> None:
    """Sound and copying take no time worth telling beside the picture."""
    progress(1.0)
