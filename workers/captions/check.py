"""Whether cues keep the rules; independent of how they were made."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from workers.captions.cues import Cue
from workers.captions.rules import Rules

# Times are written in whole milliseconds: what is off by less than one keeps the rule.
ROUNDING = 0.001


class RuleViolation(NamedTuple):
    """The cue's index, the rule it breaks, what it has, and what it may have.

    `line_length` counts characters, `lines` lines, `reading_speed` characters a second, `too_short`
    and `too_long` seconds on the screen, `gap` and `unchained_gap` the frames to the next cue.
    """

    cue: int
    rule: str
    value: float
    limit: float


def find_violations(cues: Sequence[Cue], rules: Rules) -> list[RuleViolation]:
    """Every rule that is broken, by every cue that breaks it."""
    alone = (RuleViolation(i, *one) for i, cue in enumerate(cues) for one in _check_cue(cue, rules))
    gaps = (
        RuleViolation(index, *one)
        for index, (cue, after) in enumerate(pairwise(cues))
        for one in _check_gap(after.start - cue.end, rules)
    )
    return sorted([*alone, *gaps])


def _check_cue(cue: Cue, rules: Rules) -> Iterator[tuple[str, float, float]]:
    lines = cue.text.split("\n")
    widest = max(map(rules.measure_width, lines))
    seconds = cue.end - cue.start
    speed = rules.measure_width(cue.text) / seconds if seconds > 0 else float("inf")
    if widest > rules.limits.line:
        yield "line_length", widest, rules.limits.line
    if len(lines) > rules.lines:
        yield "lines", len(lines), rules.lines
    if rules.compute_reading_time(cue.text) / 1000 > seconds + ROUNDING:
        yield "reading_speed", speed, rules.limits.speed
    if seconds < rules.shortest / 1000 - ROUNDING:
        yield "too_short", seconds, rules.shortest / 1000
    if seconds > rules.longest / 1000 + ROUNDING:
        yield "too_long", seconds, rules.longest / 1000


def _check_gap(gap: float, rules: Rules) -> Iterator[tuple[str, float, float]]:
    frames = gap * rules.frame_rate
    off = ROUNDING * rules.frame_rate
    if frames < rules.gap - off:
        yield "gap", frames, rules.gap
    elif rules.gap + off < frames < rules.chained - off:
        yield "unchained_gap", frames, rules.chained
