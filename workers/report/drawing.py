"""The picture of a dub: rows of a minute, each drawn by its own small SVG.

Coordinates are SVG user units; a row is `WIDTH` wide, whatever of the minute the recording lasts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import ceil
from typing import NamedTuple

from workers.report.document import ReportLine, TimeSpan

ROW_S = 60
WIDTH = 1200
PER_SECOND = WIDTH / ROW_S
TENTH = WIDTH // (10 * ROW_S)
LOUDEST = 30  # the height of the loudest tenth of a second
# Where the loudness of the source stands on, and that of the dub hangs from.
AXIS = 46
DIGIT, PADDING = 7, 4  # the room that a line's number takes in its box


class DrawingLane(NamedTuple):
    """From where to where a kind of box reaches, downwards."""

    top: int
    height: int


# Slots reach into each other where neighbours share a pause: every other one is lower.
SOURCE, SLOTS, DUB = (
    DrawingLane(80, 10),
    (DrawingLane(93, 3), DrawingLane(97, 3)),
    DrawingLane(103, 18),
)


class DrawingBox(NamedTuple):
    """A line where it sounds, or would if it was not left out; `left` and `width` in user units."""

    line: ReportLine
    left: float
    width: float

    @property
    def numbered(self) -> bool:
        """Whether its number finds room in it."""
        return self.width >= DIGIT * len(str(self.line.id)) + PADDING


class DrawingRow(NamedTuple):
    """A minute from `start` to `end` seconds; everything but the boxes are SVG path data."""

    start: int
    end: float
    before: str
    after: str
    source: str
    slots: str
    boxes: list[DrawingBox]

    @property
    def width(self) -> float:
        """As much of it as the recording lasts."""
        return _to_units(self.end - self.start)

    @property
    def seconds(self) -> Iterator[tuple[int, float]]:
        """The seconds that are marked, and where."""
        return ((self.start + s, s * PER_SECOND) for s in range(0, ROW_S, 10))


def draw_rows(
    lines: Sequence[ReportLine], total: float, before: Sequence[float], after: Sequence[float]
) -> Iterator[DrawingRow]:
    """The whole of `total` seconds.

    `before` and `after` are the amplitudes of source and dub in tenths of a second, on one scale.
    """
    scale = LOUDEST / (max((*before, *after), default=0.0) or 1.0)
    near = _group_by_row(lines)
    for start in range(0, ceil(total), ROW_S):
        here = near[start]
        window = TimeSpan(start=start, end=min(total, start + ROW_S))
        tenths = slice(10 * start, 10 * (start + ROW_S))
        places = ((line, _place_span(line.dub or line.source, window)) for line in here)
        yield DrawingRow(
            start=start,
            end=window.end,
            before=_draw_outline([-scale * one for one in before[tenths]]),
            after=_draw_outline([scale * one for one in after[tenths]]),
            source=_draw_bars((line.source for line in here), window, SOURCE),
            slots="".join(
                _draw_bars((line.slot for line in here if line.id % 2 == half), window, lane)
                for half, lane in enumerate(SLOTS)
            ),
            boxes=[DrawingBox(line, *place) for line, place in places if place],
        )


def _group_by_row(lines: Sequence[ReportLine]) -> Mapping[int, Sequence[ReportLine]]:
    """The lines of which something is to be seen, by the second at which the row starts."""
    near: dict[int, list[ReportLine]] = defaultdict(list)
    for line in lines:
        spans = [line.slot, line.dub or line.slot]
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        for row in range(int(first // ROW_S), int(last // ROW_S) + 1):
            near[row * ROW_S].append(line)
    return near


def _draw_outline(heights: Sequence[float]) -> str:
    """A closed outline of steps upon the axis, one a tenth; downwards is positive."""
    levels = groupby(AXIS + round(height) for height in heights)
    steps = "".join(f"V{level}h{TENTH * len([*same])}" for level, same in levels)
    return f"M0 {AXIS}{steps}V{AXIS}z" if steps else ""


def _draw_bars(spans: Iterable[TimeSpan], window: TimeSpan, lane: DrawingLane) -> str:
    places = filter(None, (_place_span(span, window) for span in spans))
    return "".join(
        f"M{left:g} {lane.top}h{width:g}v{lane.height}h{-width:g}z" for left, width in places
    )


def _place_span(span: TimeSpan, window: TimeSpan) -> tuple[float, float] | None:
    """Left edge and width of what falls into the window, if anything does."""
    start, end = max(span.start, window.start), min(span.end, window.end)
    return (_to_units(start - window.start), _to_units(end - start)) if end > start else None


def _to_units(seconds: float) -> float:
    return round(seconds * PER_SECOND, 1)
