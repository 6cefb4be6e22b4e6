"""Where each line of a language sounds, and how fast: one convex programme over all lines.

Lines are spoken in the order of their source lines. Each has an onset and a duration; what they
cost is in `workers.timing.weights`. The optimum is found exactly, by dynamic programming: from the
last line to the first, the cost of a late start is carried along as a curve; then each line takes
its place, from the first to the last. Times within are in samples.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from math import floor, inf
from typing import NamedTuple

import numpy as np

from backend.documents.speech import Placement, Verdict
from backend.documents.transcripts import Line
from workers.timing import weights
from workers.timing.curve import Floats, PressureCurve
from workers.timing.weights import GRID, PRESSURES


class _LineSlot(NamedTuple):
    """A line's part of the programme, in samples.

    Behind `wall` other speech is heard; `reach` is the latest that the line can come to start.
    """

    line: Line
    natural: float
    durations: Floats  # under each of PRESSURES
    force: PressureCurve
    wall: float
    reach: float


class _BackStep(NamedTuple):
    """What the way back leaves for the way forth, in samples.

    `best` is the onset of a line that may choose, `start` the pressure on its start by all that
    comes after; `latest` is its end from which on the picture is held instead.
    """

    best: float
    start: PressureCurve
    latest: float


def plan_placements(
    lines: Sequence[Line],
    natural: Mapping[int, float],
    total: float,
    *,
    max_shift: float,
    hold: bool = False,
    check: Callable[[], None] = lambda: None,
) -> tuple[Placement, ...]:
    """Place the lines whose natural speech, in seconds by line id, is told; in order of time.

    The other lines are speech that goes on being heard: none is moved into it. `total` is the
    recording's length in seconds, `max_shift` the hard limit of a line's shift. With `hold` the
    picture may be held, and no line is spoken faster than wanted; see `workers.timing.holds`.
    `check` is called at every line, and may raise to stop it.
    """
    order = sorted(lines, key=lambda line: (line.start, line.id))
    count = sum(bool(natural.get(line.id)) for line in order)
    end = round(total * GRID)
    if not count or not end:
        return ()
    gap = min(weights.MIN_GAP, end // (2 * count))
    slots = _build_slots(order, natural, end, gap, max_shift * GRID)
    price = weights.ABOVE_WANTED if hold else inf
    steps = _walk_back(slots, end, gap, price, check)
    return tuple(_walk_forth(slots, steps, gap))


def _build_slots(
    order: Sequence[Line], natural: Mapping[int, float], end: int, gap: int, max_shift: float
) -> list[_LineSlot]:
    clips = [natural[line.id] * GRID for line in order if natural.get(line.id)]
    fastest = max(weights.MAX_RATE, sum(clips) / (end - gap * len(clips)))
    slots: list[_LineSlot] = []
    reach = 0.0
    for line, earliest, latest in _find_rooms(order, natural, gap):
        onset = min(line.start * GRID, end)
        clip = natural[line.id] * GRID
        durations = weights.compute_durations(clip, line.end * GRID - onset, fastest)
        reach = max(reach, onset)
        force = weights.build_force(onset, earliest, max_shift)
        slots.append(_LineSlot(line, clip, durations, force, latest, reach))
        reach += durations[0] + gap
    return slots


def _find_rooms(
    order: Sequence[Line], natural: Mapping[int, float], gap: int
) -> Iterator[tuple[Line, float, float]]:
    """The lines to be spoken, each with its earliest start and latest end among other speech.

    Into speech that goes on being heard a line reaches no farther than its source line does.
    """
    kept = [not natural.get(line.id) for line in order]
    ended = accumulate((line.end if k else -inf for line, k in zip(order, kept, strict=True)), max)
    backwards = zip(reversed(order), reversed(kept), strict=True)
    begins = [*accumulate((line.start if k else inf for line, k in backwards), min)][::-1]
    for line, k, before, after in zip(order, kept, ended, begins, strict=True):
        if not k:
            earliest = min(before + gap / GRID, line.start)
            latest = line.end if before > line.end else max(after - gap / GRID, line.end)
            yield line, earliest * GRID, latest * GRID


def _walk_back(
    slots: Sequence[_LineSlot], end: int, gap: int, price: float, check: Callable[[], None]
) -> list[_BackStep]:
    """From the last line to the first: what it costs to start late.

    `price` is the pressure from which on the picture is held instead.
    """
    steps: list[_BackStep] = []
    late = PressureCurve(np.array([end + gap] * 2, float), np.array([0.0, weights.END]))
    for slot in reversed(slots):
        check()
        ends = late.shift(-gap)
        if slot.wall < slot.reach + slot.durations[0]:
            ends = ends.add_force(weights.build_wall(slot.wall))
        ends = ends.cap_price(price)
        start = ends.step_back(PRESSURES, slot.durations)
        late = start.add_force(slot.force).allow_delay().truncate_after(slot.reach)
        steps.append(_BackStep(late.x[0], start, ends.x[-1]))
    return steps[::-1]


def _walk_forth(
    slots: Sequence[_LineSlot], steps: Sequence[_BackStep], gap: int
) -> Iterator[Placement]:
    """From the first line to the last: each starts at its best moment, or as soon as it may."""
    free, held = 0.0, 0
    for slot, step in zip(slots, steps, strict=True):
        onset = max(step.best, free)
        pressure = np.interp(onset, *step.start, left=0.0)
        duration = float(np.interp(pressure, PRESSURES, slot.durations))
        stop = onset + duration
        # The picture never runs backwards, however many lines start at one moment.
        pause = floor(stop - max(min(stop, step.latest), onset - gap))
        free = stop - pause + gap
        yield _build_placement(slot, onset, duration, held=held, pause=pause)
        held += pause


def _build_placement(
    slot: _LineSlot, onset: float, duration: float, *, held: int, pause: int
) -> Placement:
    start, stop = _round_sample(onset), _round_sample(onset + duration)
    rate = round(slot.natural / max(stop - start, 1), 3)
    return Placement(
        id=slot.line.id,
        start=(start + held) / GRID,
        duration=(stop - start) / GRID,
        rate=rate,
        shift=round(start / GRID - slot.line.start, 6),
        verdict=judge_rate(rate),
        hold=pause / GRID,
    )


def judge_rate(rate: float) -> Verdict:
    """How a line sounds that is spoken so many times as fast as is natural."""
    if rate <= weights.WANTED:
        return Verdict.OK
    return Verdict.FAST if rate <= weights.FAST else Verdict.RUSHED


def _round_sample(samples: float) -> int:
    """The nearest sample; halves go up, so that what is apart by whole samples stays so."""
    return floor(samples + 0.5)
