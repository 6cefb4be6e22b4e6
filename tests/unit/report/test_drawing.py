"""Where the parts of the picture stand."""

import pytest

from tests.unit.report.scene import lines
from workers.report.drawing import (
    AXIS,
    LOUDEST,
    MOST_TICKS,
    WIDTH,
    choose_row_seconds,
    draw_rows,
)


def test_a_line_over_the_end_of_a_row_is_drawn_in_both():
    found = lines([(29.0, 31.0, 29.0, 31.0)], 60.0)
    first, second = draw_rows(found, 60.0, [], [])
    assert [(box.left, box.width) for box in first.boxes] == [(1160.0, 40.0)]
    assert [(box.left, box.width) for box in second.boxes] == [(0.0, 40.0)]


@pytest.mark.parametrize(("total", "seconds", "rows"), [(8.0, 8, 1), (40.0, 20, 2), (100.0, 25, 4)])
def test_rows_take_all_of_the_width(total, seconds, rows):
    assert choose_row_seconds(total) == seconds
    drawn = list(draw_rows([], total, [], []))
    assert [row.width for row in drawn] == [WIDTH] * rows
    assert all(len(row.ticks) <= MOST_TICKS for row in drawn)


def test_source_and_dub_are_drawn_on_one_scale():
    (row,) = draw_rows([], 10.0, [0.0, 1.0, 1.0], [0.5])
    assert row.before == f"M0 {AXIS}V{AXIS}h12V{AXIS - LOUDEST}h24V{AXIS}z"
    assert row.after == f"M0 {AXIS}V{AXIS + LOUDEST // 2}h12V{AXIS}z"


def test_silence_is_a_line_upon_the_axis():
    (row,) = draw_rows([], 10.0, [0.0] * 10, [])
    assert (row.before, row.after) == (f"M0 {AXIS}V{AXIS}h120V{AXIS}z", "")
