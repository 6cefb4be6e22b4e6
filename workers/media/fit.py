"""Where each line's speech goes, and how fast: pure arithmetic on seconds.

The rules, in order: no clip is cut, none overlaps another, none passes the end of the recording;
a line starts with its source line; speech is no faster than needed, and rather starts late than
gets too fast to follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from backend.core.segments import Line

# The least pause between lines; a slot reaches this close to the next line.
MIN_GAP = 0.05
# Faster speech is not followed any more (docs/adr/0002-time-stretch.md): from here lines run late.
MAX_RATE = 2.0


@dataclass(frozen=True)
class Placement:
    """Line `id` sounds from `start` for `duration` seconds, `rate` times as fast as its clip."""

    id: int
    start: float
    duration: float
    rate: float


def slots(lines: Sequence[Line], total_duration: float) -> tuple[float, ...]:
    """For each line the seconds from its start to just before the next line, or the end."""
    bounds = [line.start for line in lines] + [total_duration + MIN_GAP]
    return tuple(max(0.0, after - MIN_GAP - start) for start, after in pairwise(bounds))


def speaking_rate(natural_duration: float, slot: float, max_rate: float) -> float:
    """The rate at which to speak a line of that length at rate 1.0 to fit it into its slot."""
    needed = natural_duration / slot if slot > 0 else max_rate
    return min(max(1.0, needed), max(1.0, max_rate))


def plan(
    lines: Sequence[Line], clip_durations: Mapping[int, float], total_duration: float
) -> tuple[Placement, ...]:
    """Place the clips, `clip_durations` in seconds by line id; lines without one stay silent."""
    spoken = sorted((line for line in lines if clip_durations.get(line.id)), key=_by_time)
    clips = [clip_durations[line.id] for line in spoken]
    if not spoken:
        return ()
    gap = min(MIN_GAP, total_duration / (2 * len(spoken)))
    fastest = max(MAX_RATE, sum(clips) / (total_duration - gap * len(spoken)))
    shortest = [clip / fastest for clip in clips]
    placed: list[Placement] = []
    free = 0.0
    onsets = _onsets(spoken, total_duration, gap)
    deadlines = _deadlines(shortest, total_duration, gap)
    rows = zip(spoken, clips, shortest, onsets, deadlines, strict=True)
    for line, clip, least, onset, deadline in rows:
        start = max(free, min(line.start, deadline - least))
        end = min(deadline, max(onset - gap, start + least))
        duration = min(clip, end - start)
        placed.append(Placement(line.id, start, duration, clip / duration))
        free = start + duration + gap
    return tuple(placed)


def _by_time(line: Line) -> tuple[float, int]:
    return line.start, line.id


def _onsets(spoken: Sequence[Line], total_duration: float, gap: float) -> list[float]:
    """When the line after each one starts; after the last, the end and a gap."""
    return [line.start for line in spoken[1:]] + [total_duration + gap]


def _deadlines(shortest: Sequence[float], total_duration: float, gap: float) -> list[float]:
    """When each line has to end at the latest, so that all after it still fit at their fastest."""
    deadlines, end = [], total_duration
    for least in reversed(shortest):
        deadlines.append(end)
        end -= least + gap
    return deadlines[::-1]
