"""The last stage: speech onto its bed, encoded, captioned, and put next to the picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from backend.documents.languages import iso639_2
from backend.documents.speech import Clip, Placement, Speech
from backend.documents.transcripts import Translation
from backend.errors import Permanent
from backend.pipeline.files import StoredFile
from backend.pipeline.params import Bed
from workers.audio.samples import RATE
from workers.exports import captions, hls, report, video
from workers.exports.hls import Mix, Streams
from workers.exports.manifest import manifest
from workers.exports.segment_audio import zipped
from workers.interfaces.stages import Desk, Made, Outcome, Work
from workers.mixing.index import INDEX
from workers.mixing.mixdown import Mixdown, Order, Recording, mixdown
from workers.mixing.recording import Source, held, sent
from workers.mixing.score import Take
from workers.mixing.tracks import AUDIO
from workers.report.back_transcription import Audible, Hearing, listened
from workers.report.document import Sums
from workers.timing.holds import Clock, clock, finer, whole_frames

# Above this a listener notices that speech was sped up.
FAST = 1.2

MIMES = {".m4a": "audio/mp4", ".flac": "audio/flac", ".json": "application/json"}

# How much of the work is done when the picture is held, the mix made, and the video written.
HELD, MIXED, DELIVERED = 0.4, 0.8, 0.9


@dataclass(frozen=True)
class _Dub:
    """All that the steps of this stage share; `source` is the recording, held as `clock` tells."""

    work: Work
    desk: Desk
    translation: Translation
    speech: Speech
    recording: Source
    source: Source
    placements: Sequence[Placement]
    clock: Clock

    @property
    def language(self) -> str:
        return iso639_2(self.work.language)

    @property
    def samples(self) -> int:
        return round(self.source.duration * RATE)

    @property
    def said(self) -> Translation:
        """The lines where the dub shows what they are said over."""
        at, length = self.clock.at, self.clock.length(self.translation.duration)
        lines = tuple(
            line.model_copy(update={"start": at(line.start), "end": at(line.end)})
            for line in self.translation.lines
        )
        return self.translation.model_copy(update={"duration": length, "lines": lines})


def run(work: Work, desk: Desk) -> Outcome:
    """Make one language's `audio`, `audio_flac`, `video`, captions, `report` and `manifest`.

    Raises `Permanent` when the source or the background cannot be decoded.
    """
    job = _gather(work, desk)
    bed = bed_of(work.params.bed, background="background" in work.files, sound=job.source.sounds)
    order = _order(job, bed)
    begun = HELD if job.clock.holds else 0.0
    mixed = mixdown(order, desk, partial(_step, desk, begun, MIXED))
    made = _audio(job, mixed)
    if work.params.segment_audio:
        names = [f"{placed.id:04}" for placed in job.placements]
        takes = dict(zip(names, order.takes, strict=True))
        made.append(zipped(order, desk.workdir, mixed.contents.level, takes))
    captioned = captions.captioned(job.said, job.placements, job.source.fps)
    made += captions.of_dub(work, desk.workdir, job.said, captioned)
    mix = _mix(job, made)
    streams = _delivered(mix, made)
    # Encoding checks whether to stop, but shows no progress: nobody knows how long it takes.
    burned, problems = captions.burned_in(work, desk.workdir, made, lambda _: desk.progress(1.0))
    made += burned
    hearing = listened(work, desk, _audible(job, order))
    finished = _finished(job, order, mixed, captioned, hearing)
    found = report.report(work, finished)
    made += report.written(work, desk.workdir, finished, found)
    made.append(_manifest(job, mixed, found.sums, made))
    desk.progress(1.0)
    return Outcome(
        tuple(made),
        provider="dubline",
        model=version("dubline"),
        warnings=(
            *(*mixed.warnings, *_warnings(job, made), *streams.warnings),
            *(*problems, *hearing.warnings),
        ),
        kept=streams.kept,
    )


def bed_of(asked: Bed, *, background: bool, sound: bool) -> Bed:
    """The bed to mix on; raises `Permanent` for a background asked for but not given."""
    if asked is Bed.BACKGROUND and not background:
        raise Permanent("The bed is to be the background track, but none was given: upload one.")
    if asked is Bed.AUTO and background:
        return Bed.BACKGROUND
    if not sound and asked is not Bed.BACKGROUND:
        return Bed.NONE
    return Bed.SOURCE if asked is Bed.AUTO else asked


def _gather(work: Work, desk: Desk) -> _Dub:
    def read(kind: str) -> bytes:
        return desk.fetch(work.files[kind]).read_bytes()

    translation = Translation.model_validate_json(read("segments"))
    speech = Speech.model_validate_json(read("speech"))
    recording = sent(work.files["media"], desk, translation.duration)
    fps = recording.fps or RATE
    waited = tuple(whole_frames(speech.placements, fps * finer(fps)))
    speech = speech.model_copy(update={"placements": waited})
    time = clock(waited)
    source = held(recording, time, desk, partial(_step, desk, 0.0, HELD))
    said, heard = speech.said(translation), speech.heard()
    return _Dub(work, desk, said, speech, recording, source, heard, time)


def _order(job: _Dub, bed: Bed) -> Order:
    files = job.work.files
    media = Recording(job.source.sha256, job.source.path) if job.source.sounds else None
    under = files.get("background")
    clips = {clip.id: clip for clip in job.speech.clips}
    return Order(
        params=job.work.params,
        language=job.language,
        total=job.samples,
        bed=bed,
        media=media,
        background=Recording(under.sha256, job.desk.fetch(under)) if under else None,
        takes=tuple(_take(placed, clips[placed.id], job.samples) for placed in job.placements),
        clips={clip.sha256: cache(partial(_clip, job.desk, clip)) for clip in job.speech.clips},
        spans=_spans(job),
        before=job.work.before,
    )


def _clip(desk: Desk, clip: Clip) -> Path:
    return desk.fetch(StoredFile(clip.object_key, clip.sha256, clip.size, mime="audio/flac"))


def _take(placed: Placement, clip: Clip, total: int) -> Take:
    start = round(placed.start * RATE)
    return Take(clip.sha256, start, min(round(placed.duration * RATE), total - start))


def _audio(job: _Dub, mixed: Mixdown) -> list[Made]:
    meta = _meta(job, sample_rate=RATE, channels=2)
    aac = {"codec": "aac", "loudness": mixed.measured.model_dump()}
    made = []
    for kind, path in mixed.paths.items():
        mime = MIMES[path.suffix]
        more = {AUDIO: aac, INDEX: {}}.get(kind, {"codec": "flac"})
        made.append(Made(kind, path, mime, path.name, meta | more))
    return made


def _spans(job: _Dub) -> list[tuple[float, float]]:
    """Where the source speaks what the dub says over it."""
    spoken, at = {placed.id for placed in job.placements}, job.clock.at
    return [(at(line.start), at(line.end)) for line in job.translation.lines if line.id in spoken]


def _mix(job: _Dub, made: Sequence[Made]) -> Mix:
    files = {one.kind: one.path for one in made}
    return Mix(
        *(job.work, job.desk, job.recording, job.source),
        source_language=job.translation.source_language,
        dub=files["audio"],
        captions=files["captions_vtt"],
    )


def _delivered(mix: Mix, made: list[Made]) -> Streams:
    """Add to what was made the file to keep and the streams to play."""
    film = video.own(mix, partial(_step, mix.desk, MIXED, DELIVERED))
    streams = hls.streams(mix, partial(_step, mix.desk, DELIVERED, 1.0))
    made += [film] if film else []
    made += streams.made
    return streams


def _audible(job: _Dub, order: Order) -> Audible:
    texts = {line.id: line.text for line in job.translation.lines}
    said = " ".join(texts[placed.id] for placed in job.placements)
    return Audible(order.takes, order.clips, said)


def _finished(
    job: _Dub, order: Order, mixed: Mixdown, captioned: captions.Captioned, hearing: Hearing
) -> report.Finished:
    takes = {placed.id: take for placed, take in zip(job.placements, order.takes, strict=True)}
    return report.Finished(
        *(job.said, job.speech, takes, job.source.sha256, job.samples), mixed, captioned, hearing
    )


def _manifest(job: _Dub, mixed: Mixdown, sums: Sums, made: Sequence[Made]) -> Made:
    path = job.desk.workdir / "manifest.json"
    content = manifest(
        *(job.work, job.translation, job.speech),
        placements=job.placements,
        mixed=mixed,
        sums=sums,
        made=made,
    )
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


def _step(desk: Desk, begin: float, end: float, fraction: float) -> None:
    desk.progress(begin + (end - begin) * min(1.0, fraction))
