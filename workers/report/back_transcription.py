"""Has a dub transcribed again, for the report to tell how many of its words come across."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import soundfile as sf

from backend.errors import Permanent, Transient
from backend.pipeline.stages import STAGES, Stage
from workers.audio.samples import RATE, Samples
from workers.audio.stretch import resample
from workers.calls.transcription import Question, transcribed
from workers.interfaces.providers import Cost, Recording, Transcribed, Transcriber
from workers.interfaces.stages import Desk, Work
from workers.media.decode import joined
from workers.mixing.clips import ready
from workers.mixing.score import Take
from workers.report.error_rate import Heard, error_rate, unit_of

LEVEL = -23.0  # LUFS: as loud as broadcast speech (EBU R128)


class Audible(NamedTuple):
    """What is to be listened to: the takes as they are in the mix, and all that is `said` in them.

    `clips` fetch the takes' files by their SHA-256. The bed is left away: it may hold speech of its
    own, and one with another bed is not to be paid for again.
    """

    takes: Sequence[Take]
    clips: Mapping[str, Callable[[], Path]]
    said: str


@dataclass(frozen=True)
class Hearing:
    """What came across, if somebody was asked to listen and could; what that cost, and warnings."""

    heard: Heard | None = None
    cost: Cost = field(default_factory=Cost)
    warnings: Sequence[str] = ()


def listened(work: Work, desk: Desk, dub: Audible) -> Hearing:
    """Let the job's own transcriber listen, if the job asks for that.

    What it cannot do, or not now, is a warning: the dub itself is complete.
    """
    if not (work.params.transcribe_dub and dub.takes):
        return Hearing()
    try:
        transcriber = desk.transcriber(work.params.providers.transcription)
        transcriber.check(work.language)
        answer = _answer(transcriber, work.language, desk, dub)
    except (Permanent, Transient) as problem:
        return Hearing(warnings=[f"The dub was not transcribed again: {problem}"])
    text = " ".join(segment.text for segment in answer.segments)
    heard = Heard(
        unit=unit_of(work.language),
        errors=round(error_rate(dub.said, text, work.language), 4),
        provider=transcriber.name,
        model=transcriber.model,
    )
    return Hearing(heard, answer.cost)


def _answer(transcriber: Transcriber, language: str, desk: Desk, dub: Audible) -> Transcribed:
    made_of = [[asdict(take) for take in dub.takes], STAGES[Stage.MIX].code_version]
    return transcribed(
        transcriber,
        Question(made_of, language, diarize=False),
        lambda: _recorded(dub, transcriber.sample_rate, desk),
        desk,
        lambda _: desk.progress(1.0),  # the mix itself is done by now
    )


def _recorded(dub: Audible, rate: int, desk: Desk) -> Recording:
    path = desk.workdir / "spoken.wav"
    with sf.SoundFile(path, "w", rate, 1, "PCM_16") as wav:
        for block in joined(_pieces(dub, rate, desk), 0, rate, 1):
            wav.write(block)
        return Recording(path, wav.tell() / rate)


def _pieces(dub: Audible, rate: int, desk: Desk) -> Iterator[tuple[int, Samples]]:
    """Each take and where it begins, in samples at the rate."""
    for take in dub.takes:
        desk.progress(1.0)
        clip = ready(dub.clips[take.clip](), take.length, LEVEL)
        length = round(take.length * rate / RATE)
        yield round(take.start * rate / RATE), resample(clip, RATE, rate, length)[:, None]
