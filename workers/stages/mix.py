"""The last stage of a language: speech onto its bed, and all files that the dub is delivered as."""

from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from backend.documents.languages import get_iso639_2
from backend.documents.speech import Clip, Placement, Speech
from backend.documents.transcripts import Translation
from backend.errors import Permanent
from backend.media.mime import MIME_TYPES
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.params import Bed
from workers.audio.samples import RATE
from workers.exports.dub import MixedDub
from workers.exports.formats import export_dub
from workers.interfaces.progress import tell_part
from workers.interfaces.stages import StageContext, StageInput, StageResult
from workers.mixing.mixdown import render_mixdown
from workers.mixing.order import MixOrder, SoundFile
from workers.mixing.recording import (
    SourceRecording,
    fetch_recording,
    hold_recording,
    list_recording_warnings,
)
from workers.mixing.score import PlacedTake
from workers.timing.holds import DubClock, build_clock, count_parts, round_holds

# Above this a listener notices that speech was sped up.
FAST = 1.2

# How much of the work is done when the picture is held, and when the mix is made.
HELD, MIXED = 0.4, 0.8


def run(inputs: StageInput, context: StageContext) -> StageResult:
    """Make one language's sound, and every format that it is delivered as (`exports.formats`).

    Raises `Permanent` when the source or the background cannot be decoded.
    """
    dub = _mix_dub(inputs, context)
    made = export_dub(dub, partial(tell_part, context.progress, MIXED, 1.0))
    context.progress(1.0)
    return StageResult(
        tuple(made.files),
        provider="dubline",
        model=version("dubline"),
        warnings=(
            *list_recording_warnings(dub.recording, inputs.params.source_language),
            *dub.mixed.warnings,
            *_warn_of_speed(dub.placements),
            *made.warnings,
        ),
        reused=tuple(made.reused),
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


def _mix_dub(inputs: StageInput, context: StageContext) -> MixedDub:
    translation = Translation.model_validate_json(_read(inputs, context, ArtifactKind.SEGMENTS))
    speech = Speech.model_validate_json(_read(inputs, context, ArtifactKind.SPEECH))
    recording = fetch_recording(
        inputs.files["media"], context, translation.duration, inputs.params.track_wish
    )
    fps = recording.fps or RATE
    waited = tuple(round_holds(speech.placements, fps * count_parts(fps)))
    speech = speech.model_copy(update={"placements": waited})
    clock = build_clock(waited)
    source = hold_recording(
        recording, clock, context, partial(tell_part, context.progress, 0.0, HELD)
    )
    order = _build_order(inputs, context, source, speech, _find_speech(translation, speech, clock))
    begun = HELD if clock.holds else 0.0
    return MixedDub(
        *(inputs, context, speech.apply_spoken_texts(translation), speech, recording, source),
        *(speech.list_heard_placements(), clock, order),
        render_mixdown(order, context, partial(tell_part, context.progress, begun, MIXED)),
    )


def _read(inputs: StageInput, context: StageContext, kind: str) -> bytes:
    return context.fetch(inputs.files[kind]).read_bytes()


def _build_order(
    inputs: StageInput,
    context: StageContext,
    source: SourceRecording,
    speech: Speech,
    spans: Sequence[tuple[float, float]],
) -> MixOrder:
    total = round(source.duration * RATE)
    under = inputs.files.get("background")
    clips = {clip.id: clip for clip in speech.clips}
    placements = speech.list_heard_placements()
    return MixOrder(
        params=inputs.params,
        language=get_iso639_2(inputs.language),
        total=total,
        bed=choose_bed(inputs.params.bed, background=under is not None, sound=source.sounds),
        media=_build_bed(source) if source.sounds else None,
        background=SoundFile(under.sha256, context.fetch(under)) if under else None,
        takes=tuple(_build_take(placed, clips[placed.id], total) for placed in placements),
        clips={clip.sha256: cache(partial(_fetch_clip, context, clip)) for clip in speech.clips},
        spans=spans,
        before=inputs.before,
    )


def _build_bed(source: SourceRecording) -> SoundFile:
    return SoundFile(source.sha256, source.path, source.track, source.survey.repairs)


def _fetch_clip(context: StageContext, clip: Clip) -> Path:
    return context.fetch(
        StoredFile(clip.object_key, clip.sha256, clip.size, mime=MIME_TYPES[".flac"])
    )


def _build_take(placed: Placement, clip: Clip, total: int) -> PlacedTake:
    start = round(placed.start * RATE)
    return PlacedTake(clip.sha256, start, min(round(placed.duration * RATE), total - start))


def _find_speech(
    translation: Translation, speech: Speech, clock: DubClock
) -> list[tuple[float, float]]:
    """Where the source speaks what the dub says over it."""
    spoken = {placed.id for placed in speech.list_heard_placements()}
    at = clock.find_dub_time
    return [(at(line.start), at(line.end)) for line in translation.lines if line.id in spoken]


def _warn_of_speed(placements: Sequence[Placement]) -> Iterator[str]:
    fast = [placed.rate for placed in placements if placed.rate > FAST]
    if fast:
        yield f"{len(fast)} lines are sped up more than {FAST} times, at most {max(fast):.2f} times"
