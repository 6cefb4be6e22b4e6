"""A text in cues and lines: the cheapest way of breaking it, by dynamic programming.

A cue ends rather at the end of a sentence, and a line at that of a phrase; a sentence that one cue
can hold stays whole; two lines are even, or the lower is the longer (Netflix, Timed Text Style
Guide: General Requirements, and its advice on bottom-heavy cues).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from workers.captions.phrases import SENTENCE
from workers.captions.pieces import Piece
from workers.captions.rules import Rules

# What a cue costs, against the costs of breaks in `phrases`; a cue's end weighs more than a line's.
CUE, CUE_BREAK = 3.0, 2.0
SPLIT_SENTENCE = 20.0
UNEVEN, TOP_HEAVY = 2.0, 0.5
# For a cue that breaks a limit, by the share that it is over or under.
TOO_LONG, TOO_SHORT, TOO_FAST = 200.0, 60.0, 5.0
# For text shown before a pause that is spoken after it, if the pause is longer than captions may
# anticipate speech (BBC, Subtitle Guidelines, 5.2), in milliseconds.
TOO_EARLY, PAUSE = 30.0, 1500

Span = tuple[int, int]  # from the first piece to before the second


@dataclass(frozen=True)
class Flow:
    """Pieces and when each is spoken, in milliseconds from and to."""

    pieces: Sequence[Piece]
    spoken: Sequence[tuple[int, int]]
    rules: Rules

    @cached_property
    def _begins(self) -> list[float]:
        """How many characters come before each piece."""
        space = self.rules.measure_width(" ")
        widths = (self.rules.measure_width(one.text) + space * one.spaced for one in self.pieces)
        return [0.0, *accumulate(widths)]

    @cached_property
    def _ends(self) -> list[float]:
        """How many characters come up to each piece's end."""
        rows = zip(self._begins, self.pieces, strict=False)
        return [begin + self.rules.measure_width(piece.text) for begin, piece in rows]

    @cached_property
    def _pauses(self) -> list[int]:
        """How many long pauses come before each piece."""
        silences = (after[0] - before[1] for before, after in pairwise(self.spoken))
        return [0, *accumulate(silence > PAUSE for silence in silences)]

    @cached_property
    def _whole(self) -> list[bool]:
        """Whether the sentence that each piece is part of could stay in one cue."""
        found: list[bool] = []
        for index, piece in enumerate(self.pieces, 1):
            if piece.cost == SENTENCE or index == len(self.pieces):
                span = (len(found), index)
                fits = (
                    self.choose_lines(span) is not None
                    and self._compute_shown(span) <= self.rules.longest
                )
                found += [fits] * (index - len(found))
        return found

    def measure_width(self, span: Span) -> float:
        """Characters of the span on one line."""
        return self._ends[span[1] - 1] - self._begins[span[0]]

    def join_text(self, span: Span) -> str:
        """The span on one line."""
        parts = (one.text + " " * one.spaced for one in self.pieces[slice(*span)])
        return "".join(parts).rstrip(" ")

    def choose_lines(self, span: Span) -> tuple[float, list[Span]] | None:
        """The best lines for a cue and what they cost, or None when it does not fit."""
        limit = self.rules.limits.line
        first, end = span
        if self.measure_width(span) <= limit:
            return 0.0, [span]
        if self.rules.lines == 1:
            return None
        earliest = bisect_left(self._begins, self._ends[end - 1] - limit)
        latest = bisect_right(self._ends, self._begins[first] + limit)
        halves = (((first, at), (at, end)) for at in range(max(earliest, first + 1), latest + 1))
        costs = ((self._compute_break_cost(*half), list(half)) for half in halves)
        return min(costs, default=None)

    def compute_cost(self, span: Span) -> float | None:
        """What it costs to make a cue of the span, or None when it cannot be one."""
        laid = self.choose_lines(span)
        if laid is None:
            return None
        return CUE + laid[0] + self._compute_end_cost(span[1]) + self._compute_time_cost(span)

    def _compute_shown(self, span: Span) -> int:
        return self.spoken[span[1] - 1][1] - self.spoken[span[0]][0]

    def _compute_room(self, span: Span) -> int:
        """How long the span can be shown without being in the way of what comes next."""
        after = self.spoken[span[1]][0] if span[1] < len(self.spoken) else self.spoken[-1][1]
        return after - self.spoken[span[0]][0]

    def _compute_break_cost(self, upper: Span, lower: Span) -> float:
        over = (self.measure_width(upper) - self.measure_width(lower)) / self.rules.limits.line
        shape = UNEVEN * abs(over) + (TOP_HEAVY if over > 0 else 0.0)
        return self.pieces[upper[1] - 1].cost + shape

    def _compute_end_cost(self, end: int) -> float:
        if end == len(self.pieces) or self.pieces[end - 1].cost == SENTENCE:
            return 0.0
        return CUE_BREAK * self.pieces[end - 1].cost + SPLIT_SENTENCE * self._whole[end - 1]

    def _compute_time_cost(self, span: Span) -> float:
        shown, room, rules = self._compute_shown(span), self._compute_room(span), self.rules
        read = 1000 * self.measure_width(span) / rules.limits.speed
        return (
            TOO_EARLY * (self._pauses[span[1] - 1] - self._pauses[span[0]])
            + TOO_LONG * max(0.0, shown / rules.longest - 1)
            + TOO_SHORT * max(0.0, 1 - room / rules.shortest)
            + TOO_FAST * max(0.0, read / max(1, room) - 1)
        )


def choose_cue_spans(flow: Flow, parts: int | None = None) -> list[Span] | None:
    """The cheapest cues, `parts` of them if given; None when it cannot be that many."""
    total = len(flow.pieces)
    # For each piece and number of cues before it (0 where that is free): cost, and the cue before.
    best: list[dict[int, tuple[float, Span]]] = [{} for _ in range(total + 1)]
    best[0][0] = (0.0, (0, 0))
    for first in range(total):
        for end in range(first + 1, total + 1):
            cost = flow.compute_cost((first, end))
            if cost is None:
                break
            for count, (before, _) in best[first].items():
                state = count + 1 if parts else 0
                known = best[end].get(state)
                if state <= (parts or 0) and (known is None or before + cost < known[0]):
                    best[end][state] = (before + cost, (first, end))
    return _walk_back(best, parts)


def _walk_back(best: list[dict[int, tuple[float, Span]]], parts: int | None) -> list[Span] | None:
    end, count = len(best) - 1, parts or 0
    spans: list[Span] = []
    while end:
        if count not in best[end]:
            return None
        spans.append(best[end][count][1])
        end, count = spans[-1][0], max(0, count - 1)
    return spans[::-1]
