"""What becomes of lines that do not fit."""

import pytest

from backend.documents.speech import Verdict
from backend.documents.transcripts import Line
from backend.pipeline.params import Timing, TimingPolicy
from workers.timing.policy import AIM, compute_budgets, drop_holds, place_lines

LINES = [
    Line(id=number, start=start, end=start + 1, source="", text="x")
    for number, start in enumerate((0.0, 1.0, 2.0, 6.0))
]
LONG = {0: 1.0, 1: 7.0, 2: 1.0, 3: 1.0}


def list_verdicts(
    policy: TimingPolicy, total: float = 8.0, max_shift: float = 0.3
) -> dict[int, Verdict]:
    placements = place_lines(LINES, LONG, total, Timing(policy=policy, max_shift=max_shift))
    assert [one.start for one in placements] == sorted(one.start for one in placements)
    return {one.id: one.verdict for one in placements}


def test_by_default_every_line_is_heard():
    verdicts = list_verdicts(TimingPolicy.FIT)
    assert verdicts[1] is Verdict.RUSHED
    assert Verdict.LEFT_OUT not in verdicts.values()


def test_with_report_only_the_line_that_does_not_fit_is_left_out():
    verdicts = list_verdicts(TimingPolicy.REPORT)
    assert verdicts == {0: Verdict.OK, 1: Verdict.LEFT_OUT, 2: Verdict.OK, 3: Verdict.OK}


def test_its_neighbours_do_not_move_into_what_is_then_heard():
    timing = Timing(policy=TimingPolicy.REPORT, max_shift=0.3)
    natural = {**LONG, 0: 1.4}
    first, *_ = place_lines(LINES, natural, 8.0, timing)
    assert first.start + first.duration == pytest.approx(1.0, abs=0.001)


def test_report_leaves_out_nothing_that_fits():
    assert set(list_verdicts(TimingPolicy.REPORT, total=20.0, max_shift=6.0).values()) == {
        Verdict.OK
    }


def test_a_line_that_fits_needs_no_shorter_text():
    assert compute_budgets_of({0: 1.2, 1: 1.0, 2: 0.5, 3: 1.9}) == {}


@pytest.mark.parametrize("by_themselves", [True, False])
def test_a_line_that_makes_the_next_one_late_may_take_that_much_less(by_themselves):
    natural = {0: 1.0, 1: 2.4, 2: 1.0, 3: 1.0}
    _, long, late, _ = place_lines(LINES, natural, 8.0, Timing())
    assert long.rate <= 1.2
    assert late.shift > 0.3
    excess = max(0, late.shift - 0.3) + max(0, -long.shift - 0.3)
    assert compute_budgets_of(natural, by_themselves=by_themselves) == {
        1: pytest.approx((long.duration - excess) * AIM, abs=0.01)
    }


def test_a_shorter_text_may_last_a_tenth_longer_than_its_place():
    """At 1.1 times the natural rate it then fits, and has some room up to 1.2."""
    lines = [Line(id=0, start=0, end=2, source="", text="x")]
    natural = {0: 5.0}
    placements = place_lines(lines, natural, 2.0, Timing())
    assert compute_budgets(lines, natural, placements, by_themselves=True) == {
        0: pytest.approx(2.0 * 1.1, abs=0.1)
    }


def test_a_line_that_makes_room_for_another_is_asked_for_later():
    assert set(compute_budgets_of(LONG, total=6.0)) == {1}
    assert set(compute_budgets_of(LONG, total=6.0, by_themselves=False)) > {1}


def test_with_extend_the_picture_is_held_for_just_what_is_too_fast():
    timing = Timing(policy=TimingPolicy.EXTEND, max_shift=0.3)
    first, long, after, last = place_lines(LINES, LONG, 8.0, timing)
    assert [one.hold > 0 for one in (first, long, after, last)] == [False, True, False, False]
    assert {one.verdict for one in (first, long, after, last)} == {Verdict.OK}
    assert long.rate == 1.2
    assert last.start - long.start >= 7.0 / 1.2
    assert place_lines(LINES, LONG, 8.0, drop_holds(timing)) == place_lines(
        LINES, LONG, 8.0, Timing(max_shift=0.3)
    )


def test_with_extend_what_fits_is_placed_as_ever():
    natural = {0: 1.0, 1: 1.3, 2: 0.8, 3: 1.0}
    extend, fit = (place_lines(LINES, natural, 8.0, Timing(policy=p)) for p in ("extend", "fit"))
    assert extend == fit


def compute_budgets_of(
    natural: dict[int, float], *, total: float = 8.0, by_themselves: bool = True
) -> dict[int, float]:
    placements = place_lines(LINES, natural, total, Timing())
    return compute_budgets(LINES, natural, placements, by_themselves=by_themselves)
