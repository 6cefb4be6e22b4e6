"""The last stage: speech onto its bed, encoded, captioned, and put next to the picture."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from backend.core.errors import Permanent
from backend.core.languages import iso639_2
from backend.core.params import Bed
from backend.core.segments import Clip, Placement, Speech, Translation
from backend.media.probe import Probe, probe
from workers.media.clips import ready
from workers.media.decode import Samples, blocks, exactly
from workers.media.encode import encode
from workers.media.level import speech_level
from workers.media.mix import BLOCK, RATE, Take, dub, limited, over_bed
from workers.stages import captions, package
from workers.stages.base import Desk, Made, Outcome, StoredFile, Work
from workers.stages.manifest import Mixed, manifest
from workers.stages.package import Mix, Streams

# dB that the bed makes room: the original voice has to step well back, music less.
DEPTH = {Bed.SOURCE: 18.0, Bed.BACKGROUND: 9.0, Bed.NONE: 0.0}

# The dub is as loud as the source's own speech, within what can be heard and is no shouting;
# for a source without sound, about the -23 LUFS of EBU R128 in stereo.
SOFTEST, LOUDEST, USUAL = -35.0, -18.0, -25.0  # dBFS, gated
MEASURING_RATE = 16_000

# Above this a listener notices that speech was sped up.
FAST = 1.2

# How much of the work is done when the level is measured, the mix encoded, the video written.
MEASURED, ENCODED, DELIVERED = 0.1, 0.8, 0.9


@dataclass(frozen=True)
class _Source:
    """The recording and its length in seconds; text that stands for one has no `found`."""

    path: Path
    duration: float
    found: Probe | None = None

    @property
    def sounds(self) -> bool:
        return self.found is not None and self.found.audio is not None

    @property
    def fps(self) -> float | None:
        return self.found.video.fps if self.found and self.found.video else None


@dataclass(frozen=True)
class _Dub:
    """All that the steps of this stage share."""

    work: Work
    desk: Desk
    translation: Translation
    speech: Speech
    source: _Source
    placements: Sequence[Placement]

    @property
    def language(self) -> str:
        return iso639_2(self.work.language)

    @property
    def samples(self) -> int:
        return round(self.source.duration * RATE)


def run(work: Work, desk: Desk) -> Outcome:
    """Make one language's `audio`, `audio_flac`, `video`, captions and `manifest`.

    Raises `Permanent` when the source or the background cannot be decoded.
    """
    job = _gather(work, desk)
    bed = bed_of(work.params.bed, background="background" in work.files, sound=job.source.sounds)
    level = _level(job)
    made = _audio(job, bed, level)
    made += captions.of_dub(work, desk.workdir, job.translation, job.placements, job.source.fps)
    streams = _delivered(job, made)
    # Encoding checks whether to stop, but shows no progress: nobody knows how long it takes.
    burned, problems = captions.burned_in(work, desk.workdir, made, lambda _: desk.progress(1.0))
    made += burned
    made.append(_manifest(job, Mixed(bed, level, job.placements), made))
    desk.progress(1.0)
    return Outcome(
        tuple(made),
        provider="dubline",
        model=version("dubline"),
        warnings=(*_warnings(job, made), *streams.warnings, *problems),
        kept=streams.kept,
    )


def bed_of(asked: Bed, *, background: bool, sound: bool) -> Bed:
    """The bed to mix on; raises `Permanent` for a background asked for but not given."""
    if asked is Bed.BACKGROUND and not background:
        raise Permanent("The bed is to be the background track, but none was given: upload one.")
    if asked is Bed.AUTO and background:
        return Bed.BACKGROUND
    if asked in (Bed.AUTO, Bed.SOURCE):
        return Bed.SOURCE if sound else Bed.NONE
    return asked


def _gather(work: Work, desk: Desk) -> _Dub:
    def read(kind: str) -> bytes:
        return desk.fetch(work.files[kind]).read_bytes()

    translation = Translation.model_validate_json(read("segments"))
    speech = Speech.model_validate_json(read("speech"))
    source = _source(work.files["media"], desk, translation.duration)
    return _Dub(work, desk, speech.said(translation), speech, source, speech.heard())


def _source(media: StoredFile, desk: Desk, said: float) -> _Source:
    """`said` is the length that the transcript tells, which is all there is for text."""
    path = desk.fetch(media)
    if media.mime.startswith("text/"):
        return _Source(path, said)
    found = probe(path, media.filename)
    return _Source(path, found.duration, found)


def _level(job: _Dub) -> float:
    """The level that the dub's speech is to have, in dBFS: a decoding pass over the source."""
    if not job.source.sounds:
        return USUAL
    total = round(job.source.duration * MEASURING_RATE)
    sound = exactly(blocks(job.source.path, MEASURING_RATE, 1), total, MEASURING_RATE, 1)
    told = _told(sound, total, partial(_step, job.desk, 0.0, MEASURED))
    found = speech_level(told, MEASURING_RATE, _spans(job))
    return USUAL if found is None else min(max(found, SOFTEST), LOUDEST)


def _audio(job: _Dub, bed: Bed, level: float) -> list[Made]:
    held = _spans(job) if bed is Bed.SOURCE else ()
    speech = dub(_takes(job, level), job.samples)
    mixed = limited(over_bed(speech, _bed(job, bed), DEPTH[bed], held))
    told = _told(mixed, job.samples, partial(_step, job.desk, MEASURED, ENCODED))
    m4a = job.desk.workdir / "dub.m4a"
    flac = job.desk.workdir / "dub.flac" if job.work.params.flac else None
    encode(told, RATE, job.language, m4a, flac)
    meta = _meta(job, sample_rate=RATE, channels=2)
    made = [Made("audio", m4a, "audio/mp4", m4a.name, meta | {"codec": "aac"})]
    if flac:
        made.append(Made("audio_flac", flac, "audio/flac", flac.name, meta | {"codec": "flac"}))
    return made


def _takes(job: _Dub, level: float) -> Iterator[Take]:
    clips = {clip.id: clip for clip in job.speech.clips}
    for placed in job.placements:
        start = round(placed.start * RATE)
        length = min(round(placed.duration * RATE), job.samples - start)
        yield Take(start, length, partial(_load, job.desk, clips[placed.id], length, level))


def _load(desk: Desk, clip: Clip, length: int, level: float) -> Samples:
    file = StoredFile(clip.object_key, clip.sha256, clip.size, mime="audio/flac")
    return ready(desk.fetch(file), RATE, length, level)


def _bed(job: _Dub, bed: Bed) -> Iterator[Samples]:
    sound: Iterable[Samples] = ()
    if bed is Bed.SOURCE:
        sound = blocks(job.source.path, RATE, 2)
    elif bed is Bed.BACKGROUND:
        sound = blocks(job.desk.fetch(job.work.files["background"]), RATE, 2)
    return exactly(sound, job.samples, BLOCK, 2)


def _spans(job: _Dub) -> list[tuple[float, float]]:
    """Where the source speaks what the dub says over it."""
    spoken = {placed.id for placed in job.placements}
    return [(line.start, line.end) for line in job.translation.lines if line.id in spoken]


def _delivered(job: _Dub, made: list[Made]) -> Streams:
    """Add to what was made the file to keep and the streams to play."""
    files = {one.kind: one.path for one in made}
    mix = Mix(
        *(job.work, job.desk, job.source.path, job.source.found),
        source_language=job.translation.source_language,
        duration=job.source.duration,
        dub=files["audio"],
        captions=files["captions_vtt"],
    )
    video = package.video(mix, partial(_step, job.desk, ENCODED, DELIVERED))
    streams = package.streams(mix, partial(_step, job.desk, DELIVERED, 1.0))
    made += [video] if video else []
    made += streams.made
    return streams


def _manifest(job: _Dub, mixed: Mixed, made: Sequence[Made]) -> Made:
    path = job.desk.workdir / "manifest.json"
    content = manifest(job.work, job.translation, job.speech, mixed, made)
    path.write_bytes(content.to_bytes())
    return Made("manifest", path, "application/json", path.name, {"language": job.work.language})


def _warnings(job: _Dub, made: Sequence[Made]) -> Iterator[str]:
    found = job.source.found
    if found and found.video and not any(one.kind == "video" for one in made):
        yield (
            f"No dubbed video: a {found.video.codec} picture fits neither MP4 nor Matroska without "
            "being encoded again. Convert the source to H.264 in MP4 to get one."
        )
    fast = [placed.rate for placed in job.placements if placed.rate > FAST]
    if fast:
        yield f"{len(fast)} lines are sped up more than {FAST} times, at most {max(fast):.2f} times"


def _meta(job: _Dub, **more: Any) -> dict[str, Any]:
    return {"duration": job.samples / RATE, "language": job.work.language} | more


def _told(sound: Iterable[Samples], total: int, tell: Callable[[float], None]) -> Iterator[Samples]:
    done = 0
    for block in sound:
        yield block
        done += len(block)
        tell(done / total)


def _step(desk: Desk, begin: float, end: float, fraction: float) -> None:
    desk.progress(begin + (end - begin) * min(1.0, fraction))
