"""Has a dub transcribed again, for the report to tell how many of its words come across."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import soundfile as sf

from backend.errors import Pending, Permanent, Transient
from backend.pipeline.stages import STAGES, Stage
from workers.audio.samples import RATE, Samples
from workers.audio.stretch import resample
from workers.calls.choice import ProviderChoice
from workers.calls.transcription import TranscriptionRequest, transcribe_recording
from workers.interfaces.providers import Cost, Recording, Transcriber, TranscriptionResult
from workers.interfaces.stages import StageContext, StageInput
from workers.media.decode import join_pieces
from workers.mixing.clips import prepare_clip
from workers.mixing.score import PlacedTake
from workers.report.error_rate import WordErrors, choose_unit, compute_error_rate

LEVEL = -23.0  # LUFS: as loud as broadcast speech (EBU R128)


class AudibleDub(NamedTuple):
    """What is to be listened to: the takes as they are in the mix, and all that is `said` in them.

    `clips` fetch the takes' files by their SHA-256. The bed is left away: it may hold speech of its
    own, and one with another bed is not to be paid for again.
    """

    takes: Sequence[PlacedTake]
    clips: Mapping[str, Callable[[], Path]]
    said: str


@dataclass(frozen=True)
class BackTranscription:
    """What came across, if somebody was asked to listen and could; what that cost, and warnings."""

    heard: WordErrors | None = None
    cost: Cost = field(default_factory=Cost)
    warnings: Sequence[str] = ()


def transcribe_dub(inputs: StageInput, context: StageContext, dub: AudibleDub) -> BackTranscription:
    """Let the job's own transcriber listen, if the job asks for that.

    What it cannot do, or not now, is a warning: the dub itself is complete.
    """
    if not (inputs.params.transcribe_dub and dub.takes):
        return BackTranscription()
    try:
        choice = ProviderChoice(
            inputs.params.providers.transcription,
            context.get_transcriber,
            lambda transcriber: transcriber.check(inputs.language),
            context.require_budget,
        )
        transcriber, answer = choice.do(
            lambda one: (one, _ask_patiently(one, inputs.language, context, dub))
        )
    except (Permanent, Transient) as problem:
        return BackTranscription(warnings=[f"The dub was not transcribed again: {problem}"])
    text = " ".join(segment.text for segment in answer.segments)
    heard = WordErrors(
        unit=choose_unit(inputs.language),
        errors=round(compute_error_rate(dub.said, text, inputs.language), 4),
        provider=transcriber.name,
        model=transcriber.model,
    )
    return BackTranscription(heard, answer.cost)


def _ask_patiently(
    transcriber: Transcriber, language: str, context: StageContext, dub: AudibleDub
) -> TranscriptionResult:
    """The answer, also of a vendor who takes a while: to come back would be to mix again."""
    while True:
        try:
            return _ask_transcriber(transcriber, language, context, dub)
        except Pending as pending:
            context.pause(pending.wait)


def _ask_transcriber(
    transcriber: Transcriber, language: str, context: StageContext, dub: AudibleDub
) -> TranscriptionResult:
    made_of = [[asdict(take) for take in dub.takes], STAGES[Stage.MIX].code_version]
    return transcribe_recording(
        transcriber,
        TranscriptionRequest(made_of, language, diarize=False),
        lambda: _write_recording(dub, transcriber.sample_rate, context),
        context,
        lambda _: context.progress(1.0),  # the mix itself is done by now
    )


def _write_recording(dub: AudibleDub, rate: int, context: StageContext) -> Recording:
    path = context.workdir / "spoken.wav"
    with sf.SoundFile(path, "w", rate, 1, "PCM_16") as wav:
        for block in join_pieces(_list_pieces(dub, rate, context), 0, rate, 1):
            wav.write(block)
        return Recording(path, wav.tell() / rate)


def _list_pieces(
    dub: AudibleDub, rate: int, context: StageContext
) -> Iterator[tuple[int, Samples]]:
    """Each take and where it begins, in samples at the rate."""
    for take in dub.takes:
        context.progress(1.0)
        clip = prepare_clip(dub.clips[take.clip](), take.length, LEVEL)
        length = round(take.length * rate / RATE)
        yield round(take.start * rate / RATE), resample(clip, RATE, rate, length)[:, None]
