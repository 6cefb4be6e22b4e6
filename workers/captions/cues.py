"""What was said, made into cues that keep the rules; no text is ever lost."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from backend.documents.transcripts import Word
from workers.captions.direction import mark_direction
from workers.captions.layout import Flow, Span, choose_cue_spans
from workers.captions.pieces import split_pieces
from workers.captions.rules import Rules
from workers.captions.schedule import CueTiming, schedule


class CaptionText(NamedTuple):
    """Text spoken without interruption, in seconds; `words` where their times are known."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


class Cue(NamedTuple):
    """Text on the screen from `start` to `end`, in seconds; its lines are parted by newlines."""

    start: float
    end: float
    text: str


class CueDraft(NamedTuple):
    """A cue before it makes room for others."""

    spoken: CueTiming
    text: str


def build_cues(said: Iterable[CaptionText], rules: Rules, until: float | None = None) -> list[Cue]:
    """The cues for what was said, in order of time; `until` is the recording's end in seconds.

    A rule that cannot be kept, because people speak too fast, is broken rather than text left out:
    `check.find_violations` tells which.
    """
    flows = (build_flow(one, rules) for one in said)
    spans = ((flow, span) for flow in flows for span in choose_cue_spans(flow) or ())
    return schedule_drafts(
        [build_draft(flow, span, lay_out_text(flow, span)) for flow, span in spans], rules, until
    )


def build_flow(said: CaptionText, rules: Rules) -> Flow:
    """The utterance in pieces, each with the time at which it is spoken."""
    found = split_pieces(said.text, rules)
    edges = [0, *accumulate(_count_letters(piece.text) for piece in found)]
    clock = _LetterClock(said, edges[-1])
    return Flow(
        found, [(clock.find_start(a), clock.find_end(b)) for a, b in pairwise(edges)], rules
    )


def lay_out_text(flow: Flow, span: Span) -> str:
    """The text of a cue in its lines."""
    laid = flow.choose_lines(span)
    lines = map(flow.join_text, laid[1]) if laid else ()
    return "\n".join(mark_direction(line, flow.rules.language) for line in lines)


def build_draft(flow: Flow, span: Span, text: str) -> CueDraft:
    """A cue with this text while the span is spoken."""
    start, end = flow.spoken[span[0]][0], flow.spoken[span[1] - 1][1]
    return CueDraft(CueTiming(start, max(start, end), flow.rules.compute_reading_time(text)), text)


def schedule_drafts(drafts: Iterable[CueDraft], rules: Rules, until: float | None) -> list[Cue]:
    """The cues in order of time, each with room to be read."""
    ordered = sorted(drafts, key=lambda one: one.spoken.start)
    end = None if until is None else round(until * 1000)
    shown = schedule([one.spoken for one in ordered], rules, end)
    return [
        Cue(start / 1000, end / 1000, one.text)
        for (start, end), one in zip(shown, ordered, strict=True)
    ]


class _LetterClock:
    """When the letters of an utterance are spoken.

    Words and text are matched by how many letters come before, for recognisers leave punctuation
    out of one and not the other. An utterance without words is one word that lasts all of it.
    """

    def __init__(self, said: CaptionText, letters: int) -> None:
        words: Sequence[Word] = said.words or (
            Word(text=said.text, start=said.start, end=max(said.start, said.end)),
        )
        self._words = words
        self._edges = [0, *accumulate(_count_letters(word.text) for word in words)]
        self._scale = self._edges[-1] / max(1, letters)

    def find_start(self, letter: int) -> int:
        """When the letter begins, in milliseconds."""
        at = letter * self._scale
        return self._interpolate(at, bisect_right(self._edges, at) - 1)

    def find_end(self, letter: int) -> int:
        """When the letter before this one ends."""
        at = letter * self._scale
        return self._interpolate(at, bisect_left(self._edges, at) - 1)

    def _interpolate(self, at: float, index: int) -> int:
        index = min(max(index, 0), len(self._words) - 1)
        word = self._words[index]
        share = (at - self._edges[index]) / (self._edges[index + 1] - self._edges[index])
        return round(1000 * (word.start + min(1.0, share) * (word.end - word.start)))


def _count_letters(text: str) -> int:
    """How long the text takes to say, roughly: what is no letter is not spoken."""
    return max(1, sum(character.isalnum() for character in text))
