"""Asks a transcriber; its answer is bought once.

As long as there is no answer, a job that the vendor has taken in is asked for, not sent anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from backend.pipeline.stages import Stage
from workers.calls.paid_calls import PaidCalls
from workers.interfaces.providers import (
    Cost,
    JobTranscriber,
    Recording,
    Transcriber,
    TranscriptionResult,
)
from workers.interfaces.stages import StageContext

ANSWER = TypeAdapter(TranscriptionResult)


@dataclass(frozen=True)
class TranscriptionRequest:
    """What to listen to, told by what it is `made_of`, and how."""

    made_of: Sequence[Any]
    language: str
    diarize: bool


def transcribe_recording(
    transcriber: Transcriber,
    question: TranscriptionRequest,
    record: Callable[[], Recording],
    context: StageContext,
    progress: Callable[[float], None],
) -> TranscriptionResult:
    """The answer; one that is kept costs nothing. `record` makes the recording, if it is needed."""
    calls = PaidCalls(transcriber, Stage.ASR, context.transcripts, context)
    key = calls.compute_key([question.made_of, question.language, question.diarize])
    found = calls.find(key, ANSWER)
    if found is not None:
        return replace(found, cost=Cost())
    line = _KeyedCall(context, key, progress)
    answer = _fetch_answer(transcriber, question, line, calls)
    if answer is None:
        recording = record()
        answer = calls.buy(
            lambda: transcriber.transcribe(
                recording, question.language, diarize=question.diarize, call=line
            )
        )
    calls.keep(key, ANSWER, answer)
    return answer


def _fetch_answer(
    transcriber: Transcriber, question: TranscriptionRequest, line: "_KeyedCall", calls: PaidCalls
) -> TranscriptionResult | None:
    """The answer to a job that was handed in before; it needs no recording."""
    if not isinstance(transcriber, JobTranscriber) or not transcriber.has_job(line):
        return None
    return calls.buy(lambda: transcriber.fetch(question.language, call=line))


@dataclass(frozen=True)
class _KeyedCall:
    """A line to the runner on which what is remembered belongs to this question alone.

    So that a run which asks another one does not go on with the vendor's job for this one.
    """

    context: StageContext
    key: str
    progress: Callable[[float], None]

    def recall(self, key: str) -> str | None:
        return self.context.recall(f"{self.key}:{key}")

    def remember(self, key: str, value: str) -> None:
        self.context.remember(f"{self.key}:{key}", value)
