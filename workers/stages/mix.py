"""The last stage: speech onto its bed, encoded, captioned, and put next to the picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from backend.documents.languages import get_iso639_2
from backend.documents.speech import Clip, Placement, Speech
from backend.documents.transcripts import Translation
from backend.errors import Permanent
from backend.media.mime import MIME_TYPES
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.params import Bed
from workers.audio.samples import RATE
from workers.exports import captions, hls, report, video
from workers.exports.hls import FinishedMix, HlsPackage
from workers.exports.manifest import build_manifest
from workers.exports.segment_audio import write_zip
from workers.interfaces.stages import (
    OutputFile,
    StageContext,
    StageInput,
    StageResult,
    describe_output,
)
from workers.mixing.mixdown import Mixdown, MixOrder, SoundFile, render_mixdown
from workers.mixing.recording import SourceRecording, fetch_recording, hold_recording
from workers.mixing.score import PlacedTake
from workers.report.back_transcription import AudibleDub, BackTranscription, transcribe_dub
from workers.report.document import ReportSums
from workers.timing.holds import DubClock, build_clock, count_parts, round_holds

# Above this a listener notices that speech was sped up.
FAST = 1.2

# How much of the work is done when the picture is held, the mix made, and the video written.
HELD, MIXED, DELIVERED = 0.4, 0.8, 0.9


@dataclass(frozen=True)
class _MixJob:
    """All that the steps of this stage share; `source` is the recording, held as `clock` tells."""

    inputs: StageInput
    context: StageContext
    translation: Translation
    speech: Speech
    recording: SourceRecording
    source: SourceRecording
    placements: Sequence[Placement]
    clock: DubClock

    @property
    def language(self) -> str:
        return get_iso639_2(self.inputs.language)

    @property
    def samples(self) -> int:
        return round(self.source.duration * RATE)

    @property
    def said(self) -> Translation:
        """The lines where the dub shows what they are said over."""
        at, length = self.clock.find_dub_time, self.clock.compute_length(self.translation.duration)
        lines = tuple(
            line.model_copy(update={"start": at(line.start), "end": at(line.end)})
            for line in self.translation.lines
        )
        return self.translation.model_copy(update={"duration": length, "lines": lines})


def run(inputs: StageInput, context: StageContext) -> StageResult:
    """Make one language's `audio`, `audio_flac`, `video`, captions, `report` and `manifest`.

    Raises `Permanent` when the source or the background cannot be decoded.
    """
    job = _gather_inputs(inputs, context)
    bed = choose_bed(
        inputs.params.bed, background="background" in inputs.files, sound=job.source.sounds
    )
    order = _build_order(job, bed)
    begun = HELD if job.clock.holds else 0.0
    mixed = render_mixdown(order, context, partial(_scale_progress, context, begun, MIXED))
    made = _list_audio(job, mixed)
    if inputs.params.segment_audio:
        names = [f"{placed.id:04}" for placed in job.placements]
        takes = dict(zip(names, order.takes, strict=True))
        made.append(write_zip(order, context.workdir, mixed.contents.level, takes))
    captioned = captions.build_captions(job.said, job.placements, job.source.fps)
    made += captions.write_captions(inputs, context.workdir, job.said, captioned)
    mix = _build_finished_mix(job, made)
    streams = _add_deliverables(mix, made)
    # Encoding checks whether to stop, but shows no progress: nobody knows how long it takes.
    burned, problems = captions.burn_captions(
        inputs, context.workdir, made, lambda _: context.progress(1.0)
    )
    made += burned
    hearing = transcribe_dub(inputs, context, _build_audible(job, order))
    finished = _build_finished_dub(job, order, mixed, captioned, hearing)
    found = report.build_report(inputs, finished)
    made += report.write_report(inputs, context.workdir, finished, found)
    made.append(_write_manifest(job, mixed, found.sums, made))
    context.progress(1.0)
    return StageResult(
        tuple(made),
        provider="dubline",
        model=version("dubline"),
        warnings=(
            *(*mixed.warnings, *_list_warnings(job, made), *streams.warnings),
            *(*problems, *hearing.warnings),
        ),
        reused=streams.reused,
    )


def choose_bed(asked: Bed, *, background: bool, sound: bool) -> Bed:
    """The bed to mix on; raises `Permanent` for a background asked for but not given."""
    if asked is Bed.BACKGROUND and not background:
        raise Permanent("The bed is to be the background track, but none was given: upload one.")
    if asked is Bed.AUTO and background:
        return Bed.BACKGROUND
    if not sound and asked is not Bed.BACKGROUND:
        return Bed.NONE
    return Bed.SOURCE if asked is Bed.AUTO else asked


def _gather_inputs(inputs: StageInput, context: StageContext) -> _MixJob:
    def read(kind: str) -> bytes:
        return context.fetch(inputs.files[kind]).read_bytes()

    translation = Translation.model_validate_json(read(ArtifactKind.SEGMENTS))
    speech = Speech.model_validate_json(read(ArtifactKind.SPEECH))
    recording = fetch_recording(inputs.files["media"], context, translation.duration)
    fps = recording.fps or RATE
    waited = tuple(round_holds(speech.placements, fps * count_parts(fps)))
    speech = speech.model_copy(update={"placements": waited})
    time = build_clock(waited)
    source = hold_recording(recording, time, context, partial(_scale_progress, context, 0.0, HELD))
    said, heard = speech.apply_spoken_texts(translation), speech.list_heard_placements()
    return _MixJob(inputs, context, said, speech, recording, source, heard, time)


def _build_order(job: _MixJob, bed: Bed) -> MixOrder:
    files = job.inputs.files
    media = SoundFile(job.source.sha256, job.source.path) if job.source.sounds else None
    under = files.get("background")
    clips = {clip.id: clip for clip in job.speech.clips}
    return MixOrder(
        params=job.inputs.params,
        language=job.language,
        total=job.samples,
        bed=bed,
        media=media,
        background=SoundFile(under.sha256, job.context.fetch(under)) if under else None,
        takes=tuple(
            _build_take(placed, clips[placed.id], job.samples) for placed in job.placements
        ),
        clips={
            clip.sha256: cache(partial(_fetch_clip, job.context, clip)) for clip in job.speech.clips
        },
        spans=_find_source_speech(job),
        before=job.inputs.before,
    )


def _fetch_clip(context: StageContext, clip: Clip) -> Path:
    return context.fetch(
        StoredFile(clip.object_key, clip.sha256, clip.size, mime=MIME_TYPES[".flac"])
    )


def _build_take(placed: Placement, clip: Clip, total: int) -> PlacedTake:
    start = round(placed.start * RATE)
    return PlacedTake(clip.sha256, start, min(round(placed.duration * RATE), total - start))


def _list_audio(job: _MixJob, mixed: Mixdown) -> list[OutputFile]:
    meta = _build_meta(job, sample_rate=RATE, channels=2)
    aac = {"codec": "aac", "loudness": mixed.measured.model_dump()}
    made = []
    for kind, path in mixed.paths.items():
        special: Mapping[str, Any] = {ArtifactKind.AUDIO: aac, ArtifactKind.MIX_INDEX: {}}
        more = special.get(kind, {"codec": "flac"})
        made.append(describe_output(kind, path, meta | more))
    return made


def _find_source_speech(job: _MixJob) -> list[tuple[float, float]]:
    """Where the source speaks what the dub says over it."""
    spoken, at = {placed.id for placed in job.placements}, job.clock.find_dub_time
    return [(at(line.start), at(line.end)) for line in job.translation.lines if line.id in spoken]


def _build_finished_mix(job: _MixJob, made: Sequence[OutputFile]) -> FinishedMix:
    files = {one.kind: one.path for one in made}
    return FinishedMix(
        *(job.inputs, job.context, job.recording, job.source),
        source_language=job.translation.source_language,
        dub=files[ArtifactKind.AUDIO],
        captions=files[ArtifactKind.CAPTIONS_VTT],
    )


def _add_deliverables(mix: FinishedMix, made: list[OutputFile]) -> HlsPackage:
    """Add to what was made the file to keep and the streams to play."""
    film = video.write_video(mix, partial(_scale_progress, mix.context, MIXED, DELIVERED))
    streams = hls.write_package(mix, partial(_scale_progress, mix.context, DELIVERED, 1.0))
    made += [film] if film else []
    made += streams.files
    return streams


def _build_audible(job: _MixJob, order: MixOrder) -> AudibleDub:
    texts = {line.id: line.text for line in job.translation.lines}
    said = " ".join(texts[placed.id] for placed in job.placements)
    return AudibleDub(order.takes, order.clips, said)


def _build_finished_dub(
    job: _MixJob,
    order: MixOrder,
    mixed: Mixdown,
    captioned: captions.CaptionedDub,
    hearing: BackTranscription,
) -> report.FinishedDub:
    takes = {placed.id: take for placed, take in zip(job.placements, order.takes, strict=True)}
    return report.FinishedDub(
        *(job.said, job.speech, takes, job.source.sha256, job.samples), mixed, captioned, hearing
    )


def _write_manifest(
    job: _MixJob, mixed: Mixdown, sums: ReportSums, made: Sequence[OutputFile]
) -> OutputFile:
    path = job.context.workdir / "manifest.json"
    content = build_manifest(
        *(job.inputs, job.translation, job.speech),
        placements=job.placements,
        mixed=mixed,
        sums=sums,
        made=made,
    )
    path.write_bytes(content.to_bytes())
    return describe_output(ArtifactKind.MANIFEST, path, {"language": job.inputs.language})


def _list_warnings(job: _MixJob, made: Sequence[OutputFile]) -> Iterator[str]:
    found = job.source.found
    if found and found.video and not any(one.kind == ArtifactKind.VIDEO for one in made):
        yield (
            f"No dubbed video: a {found.video.codec} picture fits neither MP4 nor Matroska without "
            "being encoded again. Convert the source to H.264 in MP4 to get one."
        )
    fast = [placed.rate for placed in job.placements if placed.rate > FAST]
    if fast:
        yield f"{len(fast)} lines are sped up more than {FAST} times, at most {max(fast):.2f} times"


def _build_meta(job: _MixJob, **more: Any) -> dict[str, Any]:
    return {"duration": job.samples / RATE, "language": job.inputs.language} | more


def _scale_progress(context: StageContext, begin: float, end: float, fraction: float) -> None:
    context.progress(begin + (end - begin) * min(1.0, fraction))
