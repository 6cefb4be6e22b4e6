"""Where the parts of the picture stand."""

from tests.unit.report.scene import lines
from workers.report.drawing import AXIS, LOUDEST, WIDTH, draw_rows


def test_a_line_over_the_minute_is_drawn_in_both_rows():
    found = lines([(59.0, 61.0, 59.0, 61.0)], 90.0)
    first, second = draw_rows(found, 90.0, [], [])
    assert [(box.left, box.width) for box in first.boxes] == [(1180.0, 20.0)]
    assert [(box.left, box.width) for box in second.boxes] == [(0.0, 20.0)]
    assert (first.width, second.width) == (WIDTH, WIDTH / 2)


def test_source_and_dub_are_drawn_on_one_scale():
    (row,) = draw_rows([], 0.3, [0.0, 1.0, 1.0], [0.5])
    assert row.before == f"M0 {AXIS}V{AXIS}h2V{AXIS - LOUDEST}h4V{AXIS}z"
    assert row.after == f"M0 {AXIS}V{AXIS + LOUDEST // 2}h2V{AXIS}z"


def test_silence_is_a_line_upon_the_axis():
    (row,) = draw_rows([], 1.0, [0.0] * 10, [])
    assert (row.before, row.after) == (f"M0 {AXIS}V{AXIS}h20V{AXIS}z", "")
