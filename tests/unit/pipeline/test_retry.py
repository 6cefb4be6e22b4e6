"""Whether a failed stage is tried again, and when."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import NotFound, Permanent, RateLimited, Throttled, Transient
from backend.pipeline.retry import GiveUp, RetryPolicy, TryAgain, backoff, decide_retry

POLICY = RetryPolicy(max_attempts=3, base=2, longest=60, deadline=600)


@dataclass(frozen=True)
class Lately:
    """How often a stage was tried, and how long a rate limit has lasted."""

    attempt: int
    limited: int = 0
    waited: float = 0.0


def half() -> float:
    return 0.5


@pytest.mark.parametrize(("attempt", "wait"), [(1, 1), (2, 2), (5, 16), (6, 30), (40, 30)])
def test_backoff_doubles_up_to_the_longest(attempt, wait):
    assert backoff(attempt, POLICY, half) == wait


@given(attempt=st.integers(1, 1000), chance=st.floats(0, 1))
def test_backoff_is_never_longer_than_the_longest(attempt, chance):
    assert 0 <= backoff(attempt, POLICY, lambda: chance) <= POLICY.longest


@pytest.mark.parametrize("error", [Transient("timeout"), ValueError("a bug"), MemoryError()])
def test_what_may_help_is_tried_again(error):
    assert decide_retry(error, Lately(1), POLICY, half) == TryAgain(1, counts=True)


def test_after_any_other_failure_the_row_of_rate_limits_begins_anew():
    again = decide_retry(Transient("timeout"), Lately(1, 9, 600), POLICY, half)
    assert (again.counts, again.limited, again.waited) == (True, 0, 0.0)


@pytest.mark.parametrize("error", [Permanent("no speech"), NotFound("gone")])
def test_what_cannot_help_is_not(error):
    assert decide_retry(error, Lately(1), POLICY, half) == GiveUp(dead=False)


@pytest.mark.parametrize(("attempt", "decision"), [(2, TryAgain(2)), (3, GiveUp(True))])
def test_the_last_attempt_is_the_last(attempt, decision):
    assert decide_retry(Transient("timeout"), Lately(attempt), POLICY, half) == decision


def test_a_rate_limit_waits_as_long_as_the_vendor_asks_and_uses_up_no_attempt():
    decision = decide_retry(RateLimited("slow", 120), Lately(99), POLICY, half)
    assert decision == TryAgain(120, counts=False, limited=1, waited=120)


@pytest.mark.parametrize(("limited", "wait"), [(0, 1), (1, 2), (9, 30)])
def test_a_rate_limit_without_a_time_backs_off_further_each_time(limited, wait):
    decision = decide_retry(RateLimited("slow"), Lately(1, limited), POLICY, half)
    assert decision == TryAgain(wait, counts=False, limited=limited + 1, waited=wait)


def test_a_rate_limit_shorter_than_the_backoff_waits_for_the_backoff():
    decision = decide_retry(RateLimited("slow", 0.1), Lately(2, 1), POLICY, half)
    assert decision == TryAgain(2, counts=False, limited=2, waited=2)


@pytest.mark.parametrize(("waited", "gives_up"), [(480, False), (480.1, True)])
def test_waiting_for_a_rate_limit_ends_at_the_deadline(waited, gives_up):
    decision = decide_retry(RateLimited("slow", 120), Lately(1, 1, waited), POLICY, half)
    assert (decision == GiveUp(dead=True)) is gives_up


def test_a_rate_limit_after_calls_that_were_answered_is_the_first_of_its_row():
    error = RateLimited("slow", 120)
    error.advanced = True
    decision = decide_retry(error, Lately(1, 9, 600), POLICY, half)
    assert decision == TryAgain(120, counts=False, limited=1, waited=120)


def test_what_is_kept_to_the_rate_agreed_comes_again_at_its_turn_for_ever():
    decision = decide_retry(Throttled("later", 40), Lately(1, 9, 600), POLICY, half)
    assert decision == TryAgain(45, counts=False, limited=9, waited=600)
