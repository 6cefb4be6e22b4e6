"""The picture of a dub: rows of up to half a minute, each drawn by its own small SVG.

Coordinates are SVG user units; a row is `WIDTH` wide, and all rows of a recording are as long.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import ceil
from typing import NamedTuple

from backend.documents.text import number_line
from workers.report.document import ReportLine, TimeSpan

ROW_S = 30
SHORTEST_ROW_S = 5
WIDTH = 1200
LOUDEST = 48  # the height of the loudest tenth of a second
# Where the loudness of the source stands on, and that of the dub hangs from.
AXIS = 72
DIGIT, PADDING = 9, 6  # the room that a line's number takes in its box
TICKS = (1, 2, 5, 10)  # seconds between marks, the first that leaves them readable
MOST_TICKS = 15


class DrawingLane(NamedTuple):
    """From where to where a kind of box reaches, downwards."""

    top: int
    height: int


# Slots reach into each other where neighbours share a pause: every other one is lower.
SOURCE, SLOTS, DUB = (
    DrawingLane(126, 16),
    (DrawingLane(146, 4), DrawingLane(151, 4)),
    DrawingLane(159, 28),
)
HEIGHT = DUB.top + DUB.height + 5


class DrawingBox(NamedTuple):
    """A line where it sounds, or would if it was not left out; `left` and `width` in user units."""

    line: ReportLine
    left: float
    width: float

    @property
    def numbered(self) -> bool:
        """Whether its number finds room in it."""
        return self.width >= DIGIT * len(str(number_line(self.line.id))) + PADDING


class DrawingRow(NamedTuple):
    """From `start` to `end` seconds; everything but ticks and boxes are SVG path data.

    `width` is as much of it as the recording lasts, `ticks` the seconds that are marked, and where.
    """

    start: int
    end: float
    width: float
    ticks: list[tuple[int, float]]
    before: str
    after: str
    source: str
    slots: str
    boxes: list[DrawingBox]


def choose_row_seconds(total: float) -> int:
    """How long a row is, for a recording of so many seconds."""
    rows = max(1, ceil(total / ROW_S))
    return max(SHORTEST_ROW_S, ceil(total / rows))


def draw_rows(
    lines: Sequence[ReportLine], total: float, before: Sequence[float], after: Sequence[float]
) -> Iterator[DrawingRow]:
    """The whole of `total` seconds.

    `before` and `after` are the amplitudes of source and dub in tenths of a second, on one scale.
    """
    length = choose_row_seconds(total)
    scale = LOUDEST / (max((*before, *after), default=0.0) or 1.0)
    near = _group_by_row(lines, length)
    for start in range(0, ceil(total), length):
        window = _RowWindow(start, min(total, start + length), WIDTH / length)
        here = near[start]
        tenths = slice(10 * start, 10 * (start + length))
        places = ((line, window.place_span(line.dub or line.source)) for line in here)
        yield DrawingRow(
            start=start,
            end=window.end,
            width=window.to_units(window.end - start),
            ticks=list(_list_ticks(window, length)),
            before=_draw_outline([-scale * one for one in before[tenths]], window),
            after=_draw_outline([scale * one for one in after[tenths]], window),
            source=_draw_bars((line.source for line in here), window, SOURCE),
            slots="".join(
                _draw_bars((line.slot for line in here if line.id % 2 == half), window, lane)
                for half, lane in enumerate(SLOTS)
            ),
            boxes=[DrawingBox(line, *place) for line, place in places if place],
        )


class _RowWindow(NamedTuple):
    """What a row shows, in seconds, and how many user units a second takes."""

    start: float
    end: float
    per_second: float

    def to_units(self, seconds: float) -> float:
        return round(seconds * self.per_second, 1)

    def place_span(self, span: TimeSpan) -> tuple[float, float] | None:
        """Left edge and width of what falls into the window, if anything does."""
        start, end = max(span.start, self.start), min(span.end, self.end)
        if end <= start:
            return None
        return self.to_units(start - self.start), self.to_units(end - start)


def _list_ticks(window: _RowWindow, length: int) -> Iterator[tuple[int, float]]:
    step = next((one for one in TICKS if length / one <= MOST_TICKS), TICKS[-1])
    first = int(window.start)
    for second in range(first, first + length, step):
        if second < window.end:
            yield second, window.to_units(second - window.start)


def _group_by_row(lines: Sequence[ReportLine], length: int) -> Mapping[int, Sequence[ReportLine]]:
    """The lines of which something is to be seen, by the second at which the row starts."""
    near: dict[int, list[ReportLine]] = defaultdict(list)
    for line in lines:
        spans = [line.slot, line.dub or line.slot]
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        for row in range(int(first // length), int(last // length) + 1):
            near[row * length].append(line)
    return near


def _draw_outline(heights: Sequence[float], window: _RowWindow) -> str:
    """A closed outline of steps upon the axis, one a tenth; downwards is positive."""
    tenth = window.per_second / 10
    levels = groupby(AXIS + round(height) for height in heights)
    steps = "".join(f"V{level}h{tenth * len([*same]):g}" for level, same in levels)
    return f"M0 {AXIS}{steps}V{AXIS}z" if steps else ""


def _draw_bars(spans: Iterable[TimeSpan], window: _RowWindow, lane: DrawingLane) -> str:
    places = filter(None, map(window.place_span, spans))
    return "".join(
        f"M{left:g} {lane.top}h{width:g}v{lane.height}h{-width:g}z" for left, width in places
    )
