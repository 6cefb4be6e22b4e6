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
from workers.interfaces.providers import Cost, Recording, Transcribed, Transcriber
from workers.interfaces.stages import Desk, kept

ANSWER = TypeAdapter(Transcribed)


@dataclass(frozen=True)
class Question:
    """What to listen to, told by what it is `made_of`, and how."""

    made_of: Sequence[Any]
    language: str
    diarize: bool

    def content_key(self, transcriber: Transcriber) -> str:
        """The hash of everything that makes the answer what it is."""
        by = (transcriber.name, transcriber.model, STAGES[Stage.ASR].code_version)
        asked = [self.made_of, self.language, self.diarize, by]
        return hash_json(asked)


def transcribed(
    transcriber: Transcriber,
    question: Question,
    record: Callable[[], Recording],
    desk: Desk,
    progress: Callable[[float], None],
) -> Transcribed:
    """The answer; one that is kept costs nothing. `record` makes the recording, if it is needed."""
    key = question.content_key(transcriber)
    found = kept(desk.transcripts, key, desk)
    if found:
        return replace(ANSWER.validate_json(found[1].read_bytes()), cost=Cost())
    recording, line = record(), _Line(desk, key, progress)
    with desk.paced(transcriber):
        answer = transcriber.transcribe(
            recording, question.language, diarize=question.diarize, call=line
        )
    desk.paid(answer.cost)
    path = desk.workdir / "answer.json"
    path.write_bytes(ANSWER.dump_json(answer))
    desk.transcripts.put(key, path)
    return answer


@dataclass(frozen=True)
class _Line:
    """A line to the runner on which what is remembered belongs to this question alone.

    So that a run which asks another one does not go on with the vendor's job for this one.
    """

    desk: Desk
    key: str
    progress: Callable[[float], None]

    def recall(self, key: str) -> str | None:
        return self.desk.recall(f"{self.key}:{key}")

    def remember(self, key: str, value: str) -> None:
        self.desk.remember(f"{self.key}:{key}", value)
