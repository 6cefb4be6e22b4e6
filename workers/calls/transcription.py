"""Asks a transcriber; its answer is kept under the hash of all that makes it, as clips are.

So an attempt that ends between the answer and its commit pays nothing again, nor does a later run;
and as long as there is no answer, a job that the vendor has taken in is asked for, not sent anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.interfaces.providers import Cost, Recording, Transcriber, TranscriptionResult
from workers.interfaces.stages import StageContext, load_reusable

ANSWER = TypeAdapter(TranscriptionResult)


@dataclass(frozen=True)
class TranscriptionRequest:
    """What to listen to, told by what it is `made_of`, and how."""

    made_of: Sequence[Any]
    language: str
    diarize: bool

    def compute_content_key(self, transcriber: Transcriber) -> str:
        """The hash of everything that makes the answer what it is."""
        by = (transcriber.name, transcriber.model, STAGES[Stage.ASR].code_version)
        asked = [self.made_of, self.language, self.diarize, by]
        return hash_json(asked)


def transcribe_recording(
    transcriber: Transcriber,
    question: TranscriptionRequest,
    record: Callable[[], Recording],
    context: StageContext,
    progress: Callable[[float], None],
) -> TranscriptionResult:
    """The answer; one that is kept costs nothing. `record` makes the recording, if it is needed."""
    key = question.compute_content_key(transcriber)
    found = load_reusable(context.transcripts, key, context)
    if found:
        return replace(ANSWER.validate_json(found[1].read_bytes()), cost=Cost())
    recording, line = record(), _KeyedCall(context, key, progress)
    with context.pace_call(transcriber):
        answer = transcriber.transcribe(
            recording, question.language, diarize=question.diarize, call=line
        )
    context.add_cost(answer.cost)
    path = context.workdir / "answer.json"
    path.write_bytes(ANSWER.dump_json(answer))
    context.transcripts.put(key, path)
    return answer


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
