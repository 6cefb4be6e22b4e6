"""Cues stand long enough to be read, and not over each other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workers.captions.rules import build_rules
from workers.captions.schedule import SLIP, CueTiming, schedule

RULES = build_rules("en")
GAP = RULES.compute_frames(2)


def test_a_cue_that_is_too_quick_to_read_stays_on_in_the_free_time_after_it():
    assert schedule([CueTiming(1000, 1500, 2000), CueTiming(5000, 6000, 800)], RULES) == [
        (1000, 3000),
        (5000, 6000),
    ]


def test_it_makes_the_next_one_wait_if_that_has_time():
    quick, slow = CueTiming(1000, 1400, 400), CueTiming(1400, 5000, 1000)
    assert schedule([quick, slow], RULES) == [(1000, 1834), (1834 + GAP, 5000)]


def test_and_comes_earlier_if_it_has_none():
    quick, full = CueTiming(2000, 2400, 1500), CueTiming(2400, 4400, 2500)
    end = CueTiming(4400, 11000, 6500)
    first, second, third = schedule([quick, full, end], RULES)
    assert first[1] - first[0] >= 1500
    assert 2000 - SLIP <= first[0] < 2000
    assert second[0] >= first[1] + GAP
    assert third[0] >= second[1] + GAP


def test_small_gaps_are_closed_and_half_a_second_is_kept():
    spoken = [CueTiming(0, 2000, 500), CueTiming(2300, 4000, 500), CueTiming(4500, 6000, 500)]
    assert schedule(spoken, RULES) == [(0, 2300 - GAP), (2300, 4000), (4500, 6000)]


def test_a_gap_that_cannot_be_closed_within_seven_seconds_is_opened():
    assert schedule([CueTiming(0, 6900, 500), CueTiming(7300, 9000, 500)], RULES)[0] == (0, 6800)


def test_gaps_are_counted_in_the_frames_of_the_picture():
    spoken = [CueTiming(0, 2000, 500), CueTiming(2100, 4000, 500)]
    assert schedule(spoken, build_rules("en", 50.0))[0] == (0, 2060)


def test_the_last_cue_ends_with_the_recording():
    assert schedule([CueTiming(9500, 9800, 1000)], RULES, 10_000) == [(9000, 10_000)]


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 9000), st.integers(0, 9000))),
    st.none() | st.integers(0, 60_000),
)
def test_no_cue_overlaps_another_comes_long_before_its_words_or_stays_too_long(rows, until):
    spoken = [CueTiming(start, start + length, reading) for start, length, reading in sorted(rows)]
    shown = schedule(spoken, RULES, until)
    assert all(0 < end - start <= RULES.longest for start, end in shown)
    assert all(after[0] - before[1] >= GAP for before, after in pairwise(shown))
    assert all(start >= one.start - SLIP for one, (start, _) in zip(spoken, shown, strict=True))


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 6000))))
def test_where_there_is_time_all_of_it_is_readable_and_on_time(rows):
    starts = [9000 * number for number in range(len(rows))]
    spoken = [CueTiming(at, at + rows[i][0], rows[i][1]) for i, at in enumerate(starts)]
    shown = schedule(spoken, RULES)
    assert [start for start, _ in shown] == starts
    assert all(
        end - start >= max(one.reading, RULES.shortest)
        for one, (start, end) in zip(spoken, shown, strict=True)
    )
