"""The speech of a language: a clip for each line, and where it sounds."""

from enum import StrEnum

from backend.documents.base import Document
from backend.documents.spoken import find_spoken_text, replace_spoken_text
from backend.documents.transcripts import Line, Translation

SAMPLE_RATE = 48_000  # of every dub; where lines sound is told in whole samples of it


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

    def apply_spoken_texts(self, translation: Translation) -> Translation:
        """The translation with the texts that are spoken, some of them in fewer words."""
        texts = {clip.id: clip.text for clip in self.clips}
        lines = tuple(_replace_words(line, texts.get(line.id)) for line in translation.lines)
        return translation.model_copy(update={"lines": lines})

    def list_heard_placements(self) -> tuple[Placement, ...]:
        """The placements of the lines that are in the mix, in order of time."""
        return tuple(one for one in self.placements if one.verdict is not Verdict.LEFT_OUT)


def _replace_words(line: Line, said: str | None) -> Line:
    if said is None or said == find_spoken_text(line.text):
        return line
    return line.model_copy(update={"text": replace_spoken_text(line.text, said)})
