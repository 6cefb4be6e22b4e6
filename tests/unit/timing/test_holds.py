"""The dub's clock: it goes on where the recording's is held, and nothing else moves."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.speech import Placement, Verdict
from workers.timing.holds import SLOWEST, DubClock, Hold, build_clock, count_parts, round_holds
from workers.timing.weights import GRID

FPS = (24.0, 25.0, 30.0, 24_000 / 1001, 30_000 / 1001, 60_000 / 1001)

samples = st.integers(0, 20 * GRID).map(lambda count: count / GRID)
# For each line the pause before it, its length, and for how long the picture is held for it.
waits = st.integers(48, 5 * GRID).map(lambda count: count / GRID) | st.just(0.0)
rows = st.lists(st.tuples(samples, samples, waits), max_size=12)


def lined_up(table: list[tuple[float, float, float]]) -> list[Placement]:
    found, at = [], 0.0
    for number, (pause, length, hold) in enumerate(table):
        start = round((at + pause) * GRID) / GRID
        found.append(placement(number, start, length, hold if hold <= length else 0.0))
        at += pause + length
    return found


def placement(number: int, start: float, length: float, hold: float) -> Placement:
    return Placement(
        id=number, start=start, duration=length, rate=1.2, shift=0, verdict=Verdict.OK, hold=hold
    )


def test_time_goes_on_after_a_hold_by_as_much_later():
    held = DubClock([Hold(2.0, 0.5), Hold(4.0, 1.0)])
    times = (0.0, 2.0, 2.25, 4.0, 4.25, 9.0)
    assert [held.find_dub_time(time) for time in times] == [0.0, 2.0, 2.75, 4.5, 5.75, 10.5]
    assert held.compute_length(9.0) == 10.5


def test_what_the_dub_shows_stands_still_in_a_hold():
    held = DubClock([Hold(2.0, 0.5), Hold(4.0, 1.0)])
    times = (0.0, 2.0, 2.4, 2.75, 4.5, 5.4, 5.75)
    assert [held.find_source_time(time) for time in times] == [0.0, 2.0, 2.0, 2.25, 4.0, 4.0, 4.25]


def test_a_line_is_waited_for_as_it_comes_to_its_end():
    lines = [placement(0, 1.0, 3.0, 0.5), placement(1, 5.0, 1.0, 0.0), placement(2, 6.5, 1.0, 1.0)]
    assert build_clock(lines).holds == (Hold(3.5, 0.5), Hold(6.0, 1.0))


@given(rows, st.lists(samples, max_size=9))
def test_the_clock_never_runs_backwards_and_holds_are_exact(table, times):
    held = build_clock(lined_up(table))
    shown = [held.find_dub_time(time) for time in sorted(times)]
    assert shown == sorted(shown)
    assert [held.find_source_time(time) for time in shown] == pytest.approx(sorted(times))
    for (time, duration), later in pairwise((*held.holds, Hold(1e9, 0))):
        if later.time > time:
            passed = held.find_dub_time(time + 1 / GRID) - held.find_dub_time(time)
            before = sum(one.duration for one in held.holds if one.time == time)
            assert passed == pytest.approx(before + 1 / GRID, abs=1e-6)
            assert duration <= before
    assert held.compute_length(99.0) == pytest.approx(
        99.0 + sum(one.duration for one in held.holds)
    )


@given(rows, st.sampled_from(FPS))
def test_holds_become_whole_frames_and_lines_wait_for_them(table, fps):
    lines = lined_up(table)
    found = list(round_holds(lines, fps))
    frames = 0
    for before, after in zip(lines, found, strict=True):
        assert after.hold >= before.hold - 1.5 / GRID
        assert after.hold <= before.hold + 1 / fps + 1.5 / GRID
        frames += round(after.hold * fps)
        assert (after.duration, after.rate) == (before.duration, before.rate)
    held = build_clock(found)
    assert held.compute_length(0.0) == pytest.approx(frames / fps, abs=0.5 / GRID + 1e-9)
    for one, old in zip(held.holds, build_clock(lines).holds, strict=True):
        assert old.time - 1 / fps - 2 / GRID <= one.time <= old.time + 1 / GRID
    for (one, old), (after, later) in pairwise(zip(found, lines, strict=True)):
        apart = after.start - one.start - (later.start - old.start)
        assert apart == pytest.approx(one.hold - old.hold, abs=1e-6)


@given(rows)
def test_sound_alone_is_held_for_as_long_as_is_planned(table):
    lines = lined_up(table)
    assert list(round_holds(lines, GRID)) == lines


def test_frames_do_not_drift_in_three_hours():
    lines = [placement(number, 10.0 * number, 5.0, 0.2) for number in range(1080)]
    fps = 30_000 / 1001
    found = build_clock(round_holds(lines, fps))
    assert found.compute_length(10_800) == pytest.approx(10_800 + 1080 * 6 / fps, abs=1 / GRID)


@pytest.mark.parametrize("fps", [0.1, 1.0, 12.5, *FPS])
def test_a_hold_is_hardly_longer_than_planned_however_few_frames_there_are(fps):
    [found] = round_holds([placement(0, 10.0, 5.0, 0.3)], fps * count_parts(fps))
    assert 0.3 <= found.hold < 0.3 + 1 / SLOWEST + 1 / GRID
