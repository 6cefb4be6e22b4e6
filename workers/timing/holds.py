"""A picture that is held for lines that are too long: when, and what the dub's clock shows then.

Lines are placed on the dub's clock, which goes on while that of the recording stands still.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from backend.documents.speech import Placement
from workers.timing.weights import GRID

# Frames a second: of fewer, whole ones would be noticeably longer than what a line needs.
SLOWEST = 20


class Hold(NamedTuple):
    """For `duration` seconds the recording stands still at `time`; whole samples of 48 kHz."""

    time: float
    duration: float


class DubClock:
    """Where the moments of a recording are in its dub."""

    def __init__(self, holds: Iterable[Hold]) -> None:
        self.holds = tuple(holds)
        self._times = [hold.time for hold in self.holds]
        self._held = [0.0, *accumulate(hold.duration for hold in self.holds)]
        self._begins = [self.find_dub_time(time) for time in self._times]

    def find_dub_time(self, time: float) -> float:
        """When the dub gets to `time`, in seconds: where it is held there, when that begins."""
        return time + self._held[bisect_left(self._times, time)]

    def find_source_time(self, time: float) -> float:
        """The recording's moment that the dub shows at `time`; the inverse of `at`."""
        past = bisect_right(self._begins, time)
        moment = time - self._held[past]
        return max(moment, self._times[past - 1]) if past else moment

    def compute_length(self, duration: float) -> float:
        """How long the dub of a recording of `duration` seconds is."""
        return duration + self._held[-1]


def build_clock(placements: Iterable[Placement]) -> DubClock:
    """The clock of a dub with these lines, which are in order of time."""
    return DubClock(_list_holds(placements))


def _list_holds(placements: Iterable[Placement]) -> Iterator[Hold]:
    held = 0
    for one in placements:
        if one.hold:
            start, length, hold = (_to_samples(x) for x in (one.start, one.duration, one.hold))
            yield Hold((start - held + max(0, length - hold)) / GRID, one.hold)
            held += hold


def count_parts(fps: float) -> int:
    """Into how many a frame of `fps` is parted when it is held; slides keep nobody waiting."""
    return ceil(SLOWEST / fps)


def round_holds(placements: Iterable[Placement], fps: float) -> Iterator[Placement]:
    """The placements, with holds of whole frames and what follows each later by as much.

    The frames are counted from the first hold on, so that roundings do not add up.
    """
    frames = held = planned = 0
    for one in placements:
        start = (_to_samples(one.start) + held - planned) / GRID
        planned += _to_samples(one.hold)
        # Planned holds are rounded to samples: what is over a frame by less is no further one.
        frames += max(0, ceil((one.hold - 0.5 / GRID) * fps))
        hold = _to_samples(frames / fps) - held
        held += hold
        yield one.model_copy(update={"start": start, "hold": hold / GRID})


def _to_samples(seconds: float) -> int:
    return round(seconds * GRID)
