"""Each figure against answers that are worked out by hand."""

import pytest

from workers.report.figures import (
    compute_share_above,
    compute_share_off,
    compute_speech_overlap,
    compute_unheard,
    find_collisions,
)


def test_overlap_is_the_shorter_length_by_the_longer_on_average():
    assert compute_speech_overlap([(2.0, 1.0), (3.0, 4.0)]) == pytest.approx((0.5 + 0.75) / 2)


def test_a_line_that_is_not_heard_overlaps_with_nothing():
    assert compute_speech_overlap([(2.0, 2.0), (2.0, 0.0)]) == pytest.approx(0.5)


@pytest.mark.parametrize("lengths", [[], [(0.0, 0.0)]])
def test_without_any_length_there_is_no_overlap_to_tell(lengths):
    assert compute_speech_overlap(lengths) is None


def test_lines_are_off_beyond_the_limit_in_either_direction():
    assert compute_share_off([0.0, 0.3, -0.3, 0.31, -2.0], 0.3) == pytest.approx(2 / 5)
    assert compute_share_off([], 0.3) == 0


def test_rates_count_as_they_are_told_to_a_thousandth():
    assert compute_share_above([1.0, 1.2, 1.2004, 1.201, 3.0], 1.2) == pytest.approx(2 / 5)
    assert compute_share_above([], 1.2) == 0


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([], []),
        ([(0.0, 1.0)], []),
        ([(0.0, 1.0), (1.0, 2.0)], []),
        ([(0.0, 1.0005), (1.0, 2.0)], []),  # milliseconds rounded
        ([(0.0, 1.002), (1.0, 2.0)], [1]),
        ([(0.0, 9.0), (1.0, 2.0), (3.0, 4.0), (9.0, 10.0)], [1, 2]),  # over the first, both of them
    ],
)
def test_a_line_collides_that_begins_while_another_is_heard(spans, found):
    assert find_collisions(spans) == found


@pytest.mark.parametrize(
    ("span", "seconds"),
    [((1.0, 2.0), 0.0), ((9.5, 10.5), 0.5), ((-0.25, 1.0), 0.25), ((11.0, 12.0), 1.0)],
)
def test_what_lies_outside_of_the_recording_is_cut(span, seconds):
    assert compute_unheard(span, 10.0) == pytest.approx(seconds)
