"""How fast a provider is called by all workers together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.limits.throttle import (
    BURST_S,
    LONGEST_S,
    PATIENCE_S,
    SHUT_S,
    TRIAL_S,
    TRIPS,
    UNSAID_S,
    Throttle,
    record_failure,
    record_rate_limit,
    record_success,
    request_call,
)


def broken(failures: int = TRIPS) -> Throttle:
    gate = Throttle()
    for _ in range(failures):
        gate = record_failure(gate, 0.0, trial=gate.failures >= TRIPS)
    return gate


def test_without_a_rate_every_call_may_be_made_at_once():
    gate = Throttle()
    for _ in range(1000):
        gate, answer = request_call(gate, 7.0, 0.0)
        assert (answer.granted, answer.wait) == (True, 0.0)


@given(
    interval=st.floats(0.01, 30),
    pauses=st.lists(st.floats(0, 20), min_size=1, max_size=60),
    window=st.floats(0.1, 100),
)
def test_no_window_has_more_calls_than_the_rate_and_a_burst(interval, pauses, window):
    gate, now, calls = Throttle(), 0.0, []
    for pause in pauses:
        now += pause
        gate, answer = request_call(gate, now, interval)
        if answer.granted:
            calls.append(now + answer.wait)
    for first in calls:
        within = sum(first <= call <= first + window for call in calls)
        assert within <= (window + BURST_S) / interval + 1 + 1e-6


def test_a_turn_that_is_far_off_is_not_kept():
    gate = Throttle(next_at=BURST_S + PATIENCE_S + 1)
    assert request_call(gate, 0.0, 1.0)[0] == gate
    assert not request_call(gate, 0.0, 1.0)[1].granted
    assert request_call(gate, 1.0, 1.0)[1].granted


@pytest.mark.parametrize(("said", "wait"), [(40, 40), (None, UNSAID_S)])
def test_a_vendor_that_asks_to_slow_down_is_left_alone_for_so_long(said, wait):
    gate = record_rate_limit(Throttle(), 100.0, said)
    answer = request_call(gate, 100.0, 0.0)[1]
    assert (answer.granted, answer.wait) == (False, wait)
    assert request_call(gate, 100.0 + wait, 0.0)[1].granted


def test_some_failures_shut_nothing():
    answer = request_call(broken(TRIPS - 1), 0.0, 0.0)[1]
    assert (answer.granted, answer.troubled, answer.trial) == (True, True, False)


def test_after_many_failures_in_a_row_one_call_tries_and_the_others_wait():
    gate = broken()
    assert request_call(gate, SHUT_S - 1, 0.0)[1].wait == 1
    gate, first = request_call(gate, SHUT_S, 0.0)
    gate, second = request_call(gate, SHUT_S, 0.0)
    assert (first.granted, first.troubled, first.trial) == (True, True, True)
    assert (second.granted, second.wait) == (False, TRIAL_S)


def test_when_the_trial_works_all_may_call_again():
    gate, _ = request_call(broken(), SHUT_S, 0.0)
    gate = record_success(gate, SHUT_S + 1)
    assert request_call(gate, SHUT_S + 1, 0.0)[1] == request_call(Throttle(), 0.0, 0.0)[1]


def test_when_the_trial_fails_the_gate_shuts_for_twice_as_long():
    gate, _ = request_call(broken(), SHUT_S, 0.0)
    gate = record_failure(gate, SHUT_S + 1, trial=True)
    assert request_call(gate, SHUT_S + 1, 0.0)[1].wait == 2 * SHUT_S


def test_calls_that_were_under_way_as_the_gate_shut_keep_it_shut_no_longer():
    gate = broken()
    for _ in range(10):
        gate = record_failure(gate, 1.0)
    assert request_call(gate, 1.0, 0.0)[1].wait == SHUT_S - 1


def test_who_is_refused_knows_whether_the_provider_is_the_reason():
    assert request_call(broken(), 0.0, 0.0)[1].shut
    assert not request_call(Throttle(next_at=BURST_S + PATIENCE_S + 1), 0.0, 1.0)[1].shut


def test_it_never_shuts_for_longer_than_the_longest():
    assert request_call(broken(10_000), 0.0, 0.0)[1].wait == LONGEST_S


def test_a_rate_limit_shows_that_the_provider_lives():
    assert record_rate_limit(broken(TRIPS - 1), 0.0, 1.0).failures == 0
