"""The documents that the stages hand to each other: source segments, translations, speech.

All times are seconds from the start of the recording.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import Field

from backend.documents.base import Document, OneLineText


class Word(Document):
    """One recognised word; `confidence` is 0..1, or None where the provider tells none."""

    text: str
    start: float
    end: float
    confidence: float | None = None


class Segment(Document):
    """A stretch of speech by one speaker; `id` counts from 0 in time order."""

    id: int
    start: float = Field(ge=0)
    end: float = Field(ge=0)
    text: OneLineText
    speaker: OneLineText | None = None
    words: tuple[Word, ...] = ()


class Speaker(Document):
    """Somebody who speaks; `label` is None where speakers were not told apart.

    `pitch_hz` is the median fundamental frequency, None where none was measured.
    """

    label: OneLineText | None
    pitch_hz: float | None = None


class Transcript(Document):
    """`segments_src.json`: what was said, by whom, when; speakers in order of appearance."""

    language: str
    duration: float
    speakers: tuple[Speaker, ...] = ()
    segments: tuple[Segment, ...]


class Line(Document):
    """One translated segment; `id`, times and speaker are those of its source segment.

    Unless a user changed them: `original` is the line before that. `voice` is set by users only, in
    place of the speaker's.
    """

    id: int
    start: float = Field(ge=0)
    end: float = Field(ge=0)
    source: str
    text: OneLineText
    speaker: OneLineText | None = None
    voice: OneLineText | None = None
    original: "Line | None" = None

    @property
    def edited(self) -> bool:
        """Whether a user changed it."""
        return self.original is not None


class Translation(Document):
    """`segments_<lang>.json`: exactly one line for each source segment.

    With the same speakers, and then those whom only users know of, in the order of their naming.
    `provider` and `model` translated what no user edited; None for what was given.
    """

    source_language: str
    language: str
    duration: float
    speakers: tuple[Speaker, ...] = ()
    lines: tuple[Line, ...]
    provider: str | None = None
    model: str | None = None


Timed = TypeVar("Timed", Word, Segment, Line)


def trim_to_end(said: Iterable[Timed], end: float) -> Iterator[Timed]:
    """What begins before `end`, in seconds, and of that and its words no more than until then."""
    for one in said:
        if one.start < end:
            update: dict[str, Any] = {"end": min(one.end, end)}
            if isinstance(one, Segment):
                update["words"] = tuple(trim_to_end(one.words, end))
            yield one.model_copy(update=update)


def merge_speakers(known: Sequence[Speaker], said: Iterable[Segment | Line]) -> tuple[Speaker, ...]:
    """The speakers known, then those whom only what is said names, in order of appearance."""
    labels = [speaker.label for speaker in known]
    new = dict.fromkeys(one.speaker for one in said if one.speaker not in labels)
    return (*known, *(Speaker(label=label) for label in new))
