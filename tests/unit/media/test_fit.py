"""The plan's promises hold for every recording, and the figures are right for the usual ones."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.segments import Line
from workers.media.fit import MAX_RATE, MIN_GAP, plan, slots, speaking_rate


def line(number: int, start: float, end: float) -> Line:
    return Line(id=number, start=start, end=end, source="", text="x")


def test_a_clip_that_fits_is_left_as_it_is():
    (placed,) = plan([line(0, 1.0, 2.0)], {0: 3.0}, 10.0)
    assert (placed.start, placed.duration, placed.rate) == (1.0, 3.0, 1.0)


def test_a_clip_grows_into_the_pause_before_it_is_sped_up():
    first, second = plan([line(0, 0.0, 2.0), line(1, 3.0, 4.0)], {0: 3.2, 1: 1.0}, 10.0)
    assert first.duration == pytest.approx(3.0 - MIN_GAP)
    assert first.rate == pytest.approx(3.2 / (3.0 - MIN_GAP))
    assert second.start == 3.0


def test_a_clip_too_long_to_be_followed_makes_the_next_line_late():
    first, second = plan([line(0, 0.0, 1.0), line(1, 1.0, 9.0)], {0: 6.0, 1: 2.0}, 10.0)
    assert first.rate == pytest.approx(MAX_RATE)
    assert second.start == pytest.approx(3.0 + MIN_GAP)
    assert second.rate == 1.0


def test_a_line_close_to_the_end_starts_early_instead_of_passing_it():
    (placed,) = plan([line(0, 9.5, 10.0)], {0: 4.0}, 10.0)
    assert placed.start == pytest.approx(8.0)
    assert placed.start + placed.duration == pytest.approx(10.0)


def test_lines_are_placed_in_the_order_of_time_and_silent_ones_are_not():
    lines = [line(0, 5.0, 6.0), line(1, 1.0, 2.0), line(2, 3.0, 4.0)]
    placed = plan(lines, {0: 1.0, 1: 1.0}, 10.0)
    assert [p.id for p in placed] == [1, 0]


def test_nothing_to_say_gives_nothing_to_place():
    assert plan([], {}, 10.0) == ()


times = st.floats(0, 60, allow_nan=False)
recordings = st.lists(st.tuples(times, st.floats(0.05, 30)), min_size=1, max_size=12)


@given(recordings, st.floats(0.5, 90))
def test_no_clip_is_cut_none_overlaps_none_passes_the_end(clips, total):
    lines = [line(i, start, start) for i, (start, _length) in enumerate(clips)]
    lengths = {i: length for i, (_start, length) in enumerate(clips)}
    placed = plan(lines, lengths, total)
    assert sorted(p.id for p in placed) == list(range(len(clips)))
    for one in placed:
        assert one.duration * one.rate == pytest.approx(lengths[one.id])
        assert one.rate >= 1.0
    assert placed[0].start >= -1e-9
    assert placed[-1].start + placed[-1].duration <= total + 1e-6
    for before, after in pairwise(placed):
        assert before.start + before.duration < after.start
    roomy = sum(lengths.values()) <= MAX_RATE * (total - MIN_GAP * len(lines))
    if roomy:
        assert max(p.rate for p in placed) <= MAX_RATE + 1e-6


def test_slots_reach_to_the_next_line_and_the_last_to_the_end():
    lines = [line(0, 1.0, 2.0), line(1, 4.0, 5.0), line(2, 4.0, 6.0)]
    assert slots(lines, 10.0) == pytest.approx((3.0 - MIN_GAP, 0.0, 6.0))


@pytest.mark.parametrize(
    ("natural", "slot", "expected"),
    [(2.0, 4.0, 1.0), (3.0, 2.5, 1.2), (9.0, 3.0, 1.5), (3.0, 0.0, 1.5)],
)
def test_speaking_rate(natural, slot, expected):
    assert speaking_rate(natural, slot, 1.5) == pytest.approx(expected)
