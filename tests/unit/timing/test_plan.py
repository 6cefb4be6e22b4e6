"""The plan's promises hold for every recording, and the figures are right for the usual ones."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.documents.speech import Placement, Verdict
from backend.documents.transcripts import Line
from backend.errors import Cancelled
from workers.timing import weights
from workers.timing.holds import build_clock
from workers.timing.plan import plan_placements
from workers.timing.weights import GRID, MAX_RATE, MIN_GAP, SLOWEST, WANTED

GAP = MIN_GAP / GRID
SAMPLE = 1 / GRID


def line(number: int, start: float, end: float) -> Line:
    return Line(id=number, start=start, end=end, source="", text="x")


def lines(*spans: tuple[float, float]) -> list[Line]:
    return [line(number, *span) for number, span in enumerate(spans)]


def place_lines(
    spans: list[tuple[float, float]], natural: list[float], total: float, max_shift: float = 1.5
) -> tuple[Placement, ...]:
    return plan_placements(lines(*spans), dict(enumerate(natural)), total, max_shift=max_shift)


def end(one: Placement) -> float:
    return one.start + one.duration


def test_speech_as_long_as_its_source_line_is_left_as_it_is():
    (one,) = place_lines([(1.0, 2.0)], [1.0], 10.0)
    assert (one.start, one.duration, one.rate, one.shift) == (1.0, 1.0, 1.0, 0.0)
    assert one.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("natural", "duration"),
    [(2.2, 2.0), (1.9, 2.0), (3.0, 3.0 / WANTED), (1.0, 1.0 / SLOWEST)],
)
def test_within_the_rates_wanted_speech_takes_its_source_lines_length(natural, duration):
    (one,) = place_lines([(1.0, 3.0)], [natural], 10.0)
    assert one.duration == pytest.approx(duration, abs=SAMPLE)
    assert one.start == 1.0


def test_a_line_grows_into_the_pause_after_it_before_it_is_sped_up():
    first, second = place_lines([(1.0, 3.0), (4.0, 5.0)], [3.5, 1.0], 10.0)
    assert end(first) == pytest.approx(1.0 + 3.5 / WANTED, abs=SAMPLE)
    assert (second.start, second.rate) == (4.0, 1.0)


def test_neighbours_share_what_is_free_on_both_sides_and_the_schedule_recovers():
    before, long, after, later = place_lines(
        [(0.0, 2.0), (3.0, 4.0), (4.2, 5.2), (7.0, 8.0)], [2.0, 2.4, 1.0, 1.0], 9.0
    )
    assert -0.5 < long.shift < -0.3 < 0.3 < after.shift < 0.5
    assert long.rate == pytest.approx(WANTED)
    assert (before.shift, later.shift, before.rate, after.rate) == (0, 0, 1, 1)


def test_a_line_is_rather_spoken_faster_than_the_limit_of_shift_is_passed():
    first, second = place_lines([(0.0, 3.0), (3.3, 6.3)], [6.0, 3.0], 10.0, max_shift=0.5)
    assert second.shift == pytest.approx(0.5, abs=2 * SAMPLE)
    assert first.rate == pytest.approx(6.0 / (3.3 + 0.5 - GAP), abs=0.001)
    assert first.verdict is Verdict.RUSHED


def test_the_limit_of_shift_is_passed_before_speech_is_too_fast_to_be_followed():
    first, second = place_lines([(0.0, 1.0), (1.0, 9.0)], [6.0, 8.0], 20.0, max_shift=0.5)
    assert first.rate == MAX_RATE
    assert second.start == pytest.approx(3.0 + GAP, abs=SAMPLE)


@pytest.mark.parametrize(
    ("rate", "verdict"), [(1.2, Verdict.OK), (1.3, Verdict.FAST), (1.6, Verdict.RUSHED)]
)
def test_the_verdict_follows_from_the_rate(rate, verdict):
    (one,) = place_lines([(0.0, 1.0)], [rate], 1.0)
    assert one.rate == pytest.approx(rate, abs=0.001)
    assert one.verdict is verdict


def test_a_line_close_to_the_end_starts_early_instead_of_passing_it():
    (one,) = place_lines([(9.5, 10.0)], [4.0], 10.0)
    assert (one.start, end(one)) == (8.0, 10.0)


def test_a_file_too_full_is_spoken_faster_all_lines_alike():
    found = place_lines([(0, 1), (1, 2), (2, 3)], [4.0, 3.0, 2.0], 3.0)
    assert [one.rate for one in found] == pytest.approx([9.0 / (3.0 - 2 * GAP)] * 3, rel=0.01)


def test_lines_keep_the_order_of_time_and_silent_ones_are_not_placed():
    spoken = plan_placements(lines((5, 6), (1, 2), (3, 4)), {0: 1.0, 1: 1.0}, 10.0, max_shift=1)
    assert [one.id for one in spoken] == [1, 0]


def test_nothing_to_say_gives_nothing_to_place():
    assert plan_placements([], {}, 10.0, max_shift=1) == ()


def test_no_line_is_moved_into_speech_that_goes_on_being_heard():
    table = lines((1, 2), (2.5, 4), (4.2, 5), (5.1, 7))
    first, second, _ = plan_placements(table, {0: 4.0, 2: 3.0, 3: 2.0}, 7.0, max_shift=1)
    assert end(first) == pytest.approx(2.5 - GAP, abs=2 * SAMPLE)
    assert first.shift < -0.3
    assert second.start == pytest.approx(4.0 + GAP, abs=4 * SAMPLE)


def test_over_speech_that_goes_on_a_line_stays_where_its_source_line_was():
    table = lines((1, 9), (3, 4), (6, 7))
    first, last = plan_placements(table, {1: 1.5, 2: 1.5}, 10.0, max_shift=1)
    for one, source in ((first, table[1]), (last, table[2])):
        assert one.start == pytest.approx(source.start, abs=4 * SAMPLE)
        assert end(one) == pytest.approx(source.end, abs=4 * SAMPLE)


def test_three_hours_do_not_drift():
    table = lines(*((3.0 * number + 0.7, 3.0 * number + 2.9) for number in range(3600)))
    found = plan_placements(table, dict.fromkeys(range(3600), 2.4), 10_800.0, max_shift=1)
    for source, one in zip(table, found, strict=True):
        assert one.start * GRID == pytest.approx(round(source.start * GRID), abs=1e-5)
        assert one.duration == pytest.approx(2.2, abs=1.5 * SAMPLE)


seconds = st.floats(0, 60).map(lambda value: round(value, 3))
row = st.tuples(
    seconds, st.floats(0, 12), st.floats(0.05, 15), st.sampled_from([True] * 4 + [False])
)
tables = st.lists(row, min_size=1, max_size=14)
crowd = [(0.001 * number, 0.4, 1.0, True) for number in range(300)]
duet = [(0.5 * number, 3.0, 2.5, number % 3 > 0) for number in range(20)]
shifts = st.floats(0, 3)


def drawn(table, total, max_shift, *, hold=False):
    source = [line(i, start, start + length) for i, (start, length, _, _) in enumerate(table)]
    natural = {i: clip for i, (_, _, clip, spoken) in enumerate(table) if spoken}
    return source, natural, plan_placements(source, natural, total, max_shift=max_shift, hold=hold)


@given(tables, st.floats(0.5, 90), shifts)
@example(crowd, 10_800.0, 1.0)
@example(crowd, 1.0, 1.0)
@example(duet, 20.0, 0.0)
@example([(70.0, 2.0, 3.0, True), (50.0, 0.0, 1.0, True)], 40.0, 0.5)
@settings(deadline=None)
def test_nothing_is_cut_nothing_overlaps_all_is_in_order_and_inside(table, total, max_shift):
    source, natural, found = drawn(table, total, max_shift)
    order = sorted(source, key=lambda one: (one.start, one.id))
    assert [one.id for one in found] == [one.id for one in order if one.id in natural]
    for one in found:
        assert one.hold == 0
        assert one.duration * one.rate == pytest.approx(natural[one.id], rel=0.01, abs=0.001)
        assert one.rate >= SLOWEST - 0.01
    gap = min(GAP, total / (2 * max(1, len(found))) - 2 * SAMPLE)
    for before, after in pairwise(found):
        assert end(before) + gap <= after.start + 1e-9
    if found:
        assert found[0].start >= 0
        assert end(found[-1]) <= round(total * GRID) / GRID + 1e-9
    if sum(natural.values()) <= MAX_RATE * (total - GAP * len(natural)):
        assert all(one.rate <= MAX_RATE + 0.01 for one in found)


@given(tables, st.floats(0.5, 90), shifts)
@example(crowd, 10_800.0, 1.0)
@example(duet, 20.0, 0.0)
@settings(deadline=None)
def test_a_plan_of_what_is_planned_changes_nothing(table, total, max_shift):
    source, natural, found = drawn(table, total, max_shift)
    kept = [one for one in source if one.id not in natural]
    again = [*kept, *(line(one.id, one.start, end(one)) for one in found)]
    lengths = {one.id: one.duration for one in found}
    same = plan_placements(again, lengths, total, max_shift=max_shift)
    assert [(one.id, one.start, one.duration) for one in same] == [
        (one.id, one.start, one.duration) for one in found
    ]
    assert {one.rate for one in same} <= {1.0}


@given(tables, st.floats(0.5, 90), shifts)
@example(crowd, 60.0, 1.0)
@settings(deadline=None)
def test_with_holds_no_line_is_faster_than_wanted(table, total, max_shift):
    _, natural, found = drawn(table, total, max_shift, hold=True)
    for one in found:
        assert one.rate <= WANTED + 0.002 + 2 * SAMPLE / natural[one.id]
    for before, after in pairwise(found):
        assert end(before) < after.start + 1e-9
    held = build_clock(found)
    times = [hold.time for hold in held.holds]
    assert times == sorted(times)
    if found:
        assert end(found[-1]) <= held.compute_length(total) + 2 * SAMPLE


def test_a_hold_gives_a_line_the_time_it_lacks_and_moves_all_that_follows():
    source = lines((0.0, 3.0), (3.3, 6.3))
    first, second = found = plan_placements(
        source, {0: 8.0, 1: 3.0}, 10.0, max_shift=1.0, hold=True
    )
    assert first.rate == WANTED
    assert second.shift == pytest.approx(1.0, abs=0.001)
    (hold,) = build_clock(found).holds
    assert hold.duration == first.hold == pytest.approx(8.0 / WANTED + GAP - 4.3, abs=0.001)
    assert hold.time == pytest.approx(4.3 - GAP, abs=0.001)
    assert second.start == pytest.approx(4.3 + hold.duration, abs=0.001)


def test_without_need_the_picture_is_not_held():
    source = lines((0.0, 3.0), (3.3, 6.3))
    held = plan_placements(source, {0: 3.3, 1: 3.0}, 10.0, max_shift=1.0, hold=True)
    assert held == plan_placements(source, {0: 3.3, 1: 3.0}, 10.0, max_shift=1.0)


@given(tables, st.floats(60, 90), st.floats(0.3, 3), st.randoms(use_true_random=False))
@example([(0.0, 1.0, 1.8941870390072881, True)], 60.0, 1.0, Random(1))
@settings(deadline=None)
def test_no_plan_nearby_is_cheaper(table, total, max_shift, random):
    source = [line(i, start, start + length) for i, (start, length, _, _) in enumerate(table)]
    natural = {i: min(clip, 3.0) for i, (_, _, clip, _) in enumerate(table)}
    found = plan_placements(source, natural, total, max_shift=max_shift)
    spans = np.array([(one.start, end(one)) for one in found]) * GRID
    order = [source[one.id] for one in found]
    clips = np.array([natural[one.id] for one in found]) * GRID
    cheapest = _cost(spans, order, natural, max_shift)
    for _ in range(20):
        moved = spans + [random.choice((0, 0, -1, 1)) * 480 for _ in range(2)]
        first, last = sorted(random.randrange(len(spans) + 1) for _ in range(2))
        moved[:first], moved[last:] = spans[:first], spans[last:]
        if _is_allowed(moved, clips, total):
            # Placements are whole samples: each line may be one off, where the pressure leaps.
            least = cheapest * 0.99 - weights.ABOVE_WANTED * len(spans)
            assert _cost(moved, order, natural, max_shift) >= least


def _is_allowed(spans: np.ndarray, clips: np.ndarray, total: float) -> bool:
    apart = np.diff(spans.reshape(-1))[1::2] >= MIN_GAP
    followed = np.diff(spans)[:, 0] >= clips / MAX_RATE
    inside = spans[0, 0] >= 0 and spans[-1, 1] <= total * GRID
    return bool(apart.all() and followed.all() and inside)


def _cost(spans: np.ndarray, order: list[Line], natural: dict[int, float], limit: float) -> float:
    total = 0.0
    for (start, stop), source in zip(spans, order, strict=True):
        onset = source.start * GRID
        force = weights.build_force(onset, -np.inf, limit * GRID)
        total += abs(_area(onset, start, force.x, force.pressure))
        clip, length = natural[source.id] * GRID, (source.end - source.start) * GRID
        shortest_first = weights.compute_durations(clip, length, MAX_RATE)[-2::-1]
        pressures = weights.PRESSURES[-2::-1]
        total += abs(_area(shortest_first[-1], stop - start, shortest_first, pressures))
    return total


def _area(begin: float, until: float, x: np.ndarray, y: np.ndarray) -> float:
    """The integral of straight lines between points."""
    inside = x[(x > min(begin, until)) & (x < max(begin, until))]
    points = np.sort(np.concatenate([[begin, until], inside]))
    return float(np.trapezoid(np.interp(points, x, y), points))


def test_a_plan_can_be_stopped_at_every_line():
    said = lines(*((n, n + 1) for n in range(100)))
    left = iter(range(50))

    def check() -> None:
        if next(left, None) is None:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        plan_placements(said, dict.fromkeys(range(100), 1.0), 100.0, max_shift=2.0, check=check)
