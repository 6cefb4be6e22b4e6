"""When cues stand on the screen: while their words are spoken, and long enough to be read.

All in milliseconds, so that what is written to a file is exactly what was planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workers.captions.rules import Rules

# A cue may come this much before or after its words where it could not be read otherwise. The BBC's
# Subtitle Guidelines (5.2) allow 1.5 s; half of the way is kept in reserve.
SLIP = 1000


@dataclass(frozen=True)
class CueTiming:
    """Text that is spoken from `start` to `end` and takes `reading` to be read."""

    start: int
    end: int
    reading: int


Shown = tuple[int, int]


def schedule(spoken: Sequence[CueTiming], rules: Rules, until: int | None = None) -> list[Shown]:
    """From when to when each cue is shown, given in order of start; none overlap.

    A cue that is too quick to read stays on in the time that is free after it, then makes the next
    one wait if that can, then comes earlier. `until` is the recording's end.
    """
    gap = rules.compute_frames(rules.gap)
    needs = [min(max(one.reading, rules.shortest), rules.longest) for one in spoken]
    starts = [one.start for one in spoken] + [
        _compute_horizon(spoken) if until is None else until + gap
    ]
    short = _compute_latest_starts(starts, [rules.shortest] * len(spoken), gap)
    read = _compute_latest_starts(starts, needs, gap)
    shown: list[Shown] = []
    free = min(0, *starts)
    for index, one in enumerate(spoken):
        start = max(one.start, free)
        end = max(
            min(max(one.end, start + needs[index]), starts[index + 1] - gap),
            min(start + needs[index], read[index + 1] - gap),
            min(start + rules.shortest, short[index + 1] - gap),
            start + 1,
        )
        end = min(end, start + rules.longest)
        start = max(min(start, end - needs[index]), one.start - SLIP, free)
        shown.append((start, end))
        free = end + gap
    return _close_short_gaps(shown, needs, rules)


def _compute_horizon(spoken: Sequence[CueTiming]) -> int:
    """A time after everything."""
    return max((one.end for one in spoken), default=0) + 3_600_000


def _compute_latest_starts(starts: Sequence[int], needs: Sequence[int], gap: int) -> list[int]:
    """How late each cue may come so that it and all after it still have the time they need."""
    latest = [starts[-1]]
    for start, need in zip(reversed(starts[:-1]), reversed(needs), strict=True):
        latest.append(max(start, min(start + SLIP, latest[-1] - gap - need)))
    return latest[::-1]


def _close_short_gaps(shown: Sequence[Shown], needs: Sequence[int], rules: Rules) -> list[Shown]:
    """Gaps of less than half a second closed to the least gap, so that cues do not flicker."""
    least, half = rules.compute_frames(rules.gap), rules.compute_frames(rules.chained)
    closed = list(shown)
    for index, ((start, end), (after, _)) in enumerate(pairwise(shown)):
        if least < after - end < half:
            if after - least - start <= rules.longest:
                closed[index] = (start, after - least)
            elif after - half - start >= needs[index]:
                closed[index] = (start, after - half)
    return closed
