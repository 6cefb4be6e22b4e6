"""The documents that the stages hand to each other: source segments, translations, speech.

All times are seconds from the start of the recording.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.documents.text import one_line

# Line breaks are structure to engines, caption files and those who edit lines as text.
Row = Annotated[str, AfterValidator(one_line)]


class Document(BaseModel):
    """Base of the JSON documents: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """UTF-8 JSON, stable for equal content, so that equal documents have equal hashes."""
        return (self.model_dump_json(indent=1) + "\n").encode()


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
    text: Row
    speaker: Row | None = None
    words: tuple[Word, ...] = ()


class Speaker(Document):
    """Somebody who speaks; `label` is None where speakers were not told apart.

    `pitch_hz` is the median fundamental frequency, None where none was measured.
    """

    label: Row | None
    pitch_hz: float | None = None


class Transcript(Document):
    """`segments_src.json`: what was said, by whom, when; speakers in order of appearance."""

    language: str
    duration: float
    speakers: tuple[Speaker, ...] = ()
    segments: tuple[Segment, ...]


class Line(Document):
    """One translated segment; `id`, times and speaker are those of its source segment.

    Unless a user changed them; `voice` is set by users only, in place of the speaker's.
    """

    id: int
    start: float = Field(ge=0)
    end: float = Field(ge=0)
    source: str
    text: Row
    speaker: Row | None = None
    voice: Row | None = None


class Translation(Document):
    """`segments_<lang>.json`: exactly one line for each source segment.

    With the same speakers, and then those whom only users know of, in the order of their naming.
    """

    source_language: str
    language: str
    duration: float
    speakers: tuple[Speaker, ...] = ()
    lines: tuple[Line, ...]


Timed = TypeVar("Timed", Word, Segment, Line)


def within(said: Iterable[Timed], end: float) -> Iterator[Timed]:
    """What begins before `end`, in seconds, and of that and its words no more than until then."""
    for one in said:
        if one.start < end:
            update: dict[str, Any] = {"end": min(one.end, end)}
            if isinstance(one, Segment):
                update["words"] = tuple(within(one.words, end))
            yield one.model_copy(update=update)


def everyone(known: Sequence[Speaker], said: Iterable[Segment | Line]) -> tuple[Speaker, ...]:
    """The speakers known, then those whom only what is said names, in order of appearance."""
    labels = [speaker.label for speaker in known]
    new = dict.fromkeys(one.speaker for one in said if one.speaker not in labels)
    return (*known, *(Speaker(label=label) for label in new))


class Clip(Document):
    """The speech made for one line, as mono FLAC under `object_key`.

    `text` is what it says, which is the line's own unless that had to be shortened; `size` is in
    bytes, `duration` in seconds; `rate` is the provider's speaking rate, 1.0 being its natural one,
    and `natural` the seconds that the text takes at that.
    """

    id: int
    text: str
    object_key: str
    sha256: str
    size: int
    duration: float
    natural: float
    rate: float
    voice: str


class Verdict(StrEnum):
    """How a line's speech fits its place."""

    OK = "ok"
    FAST = "fast"  # above 1.2 times its natural rate
    RUSHED = "rushed"  # above 1.5 times
    LEFT_OUT = "left_out"  # not in the mix, as the job asked for lines that would be rushed


class Placement(Document):
    """Line `id` sounds from `start` for `duration` seconds, both whole samples of 48 kHz.

    `rate` is how many times as fast as the voice's natural speech that is, by speaking faster and
    stretching together; `shift` the seconds after the source line's start, negative before it. A
    line left out has the place that it would have had.

    `start` is on the dub's own clock, which goes on while the picture is held (`hold` seconds, as
    the line comes to its end; see `workers.timing.holds`); `shift` is on the recording's.
    """

    id: int
    start: float
    duration: float
    rate: float
    shift: float
    verdict: Verdict
    hold: float = 0.0


class Speech(Document):
    """`speech_<lang>.json`: a clip and a placement for each line that has something to say."""

    language: str
    clips: tuple[Clip, ...]
    placements: tuple[Placement, ...]

    def said(self, translation: Translation) -> Translation:
        """The translation with the texts that are spoken, some of them in fewer words."""
        texts = {clip.id: clip.text for clip in self.clips}
        lines = (
            line.model_copy(update={"text": texts.get(line.id, line.text)})
            for line in translation.lines
        )
        return translation.model_copy(update={"lines": tuple(lines)})

    def heard(self) -> tuple[Placement, ...]:
        """The placements of the lines that are in the mix, in order of time."""
        return tuple(one for one in self.placements if one.verdict is not Verdict.LEFT_OUT)
