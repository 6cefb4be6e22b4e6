"""How fast all workers together may call a provider: pure decisions on one small record.

A token bucket keeps to the rate that was agreed with the vendor; a circuit breaker stops calling
one that does not answer, and lets a single call try whether it does again. Either way work waits
instead of using up its attempts. Times are seconds of the clock of whoever keeps the record.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

# A worker waits so long by itself, in seconds; before a longer wait it lets go of the stage.
PATIENCE_S = 10.0
# Calls may come so far ahead of the even pace.
BURST_S = 5.0
# So many failures in a row shut the gate, for so long at first, then twice as long, up to a limit.
TRIPS = 5
SHUT_S, LONGEST_S = 15.0, 300.0
# What the single call may take that tries whether the provider is back.
TRIAL_S = 60.0
# For a vendor that asks to slow down and does not say for how long.
UNSAID_S = 5.0


@dataclass(frozen=True)
class Throttle:
    """What is known of a provider, in common for all workers."""

    next_at: float = 0.0  # when the next call would come at an even pace
    shut_until: float = 0.0
    failures: int = 0  # in a row


@dataclass(frozen=True)
class ThrottleAnswer:
    """Whether a call may be made, after waiting for `wait` seconds; if not, when to ask again."""

    granted: bool
    wait: float = 0.0
    shut: bool = False  # the provider itself is the reason, not the rate agreed with it
    broken: bool = False  # for it does not answer
    troubled: bool = False  # the gate waits to hear how this call ends
    trial: bool = False  # the single call that tries whether the provider is back


ThrottleChange = Callable[[Throttle, float], Throttle]


def request_call(gate: Throttle, now: float, interval: float) -> tuple[Throttle, ThrottleAnswer]:
    """Ask for one call; `interval` is the seconds between calls at an even pace.

    The bucket is the virtual scheduling algorithm of ITU-T I.371, 'GCRA': it keeps one time
    instead of a count of tokens.
    """
    if now < gate.shut_until:
        broken = gate.failures >= TRIPS
        return gate, ThrottleAnswer(False, gate.shut_until - now, shut=True, broken=broken)
    if gate.failures >= TRIPS:
        return replace(gate, shut_until=now + TRIAL_S), ThrottleAnswer(
            True, troubled=True, trial=True
        )
    wait = max(0.0, gate.next_at - BURST_S - now)
    if wait > PATIENCE_S:
        return gate, ThrottleAnswer(False, wait)
    ahead = max(now, gate.next_at) + interval
    return replace(gate, next_at=ahead), ThrottleAnswer(True, wait, troubled=gate.failures > 0)


def record_success(gate: Throttle, now: float) -> Throttle:
    """The provider answered."""
    return replace(gate, failures=0, shut_until=min(gate.shut_until, now))


def record_failure(gate: Throttle, now: float, *, trial: bool = False) -> Throttle:
    """The provider did not answer, or with an error of its own.

    Calls that were under way as the gate shut tell nothing new.
    """
    if now < gate.shut_until and not trial:
        return gate
    failures = gate.failures + 1
    if failures < TRIPS:
        return replace(gate, failures=failures)
    shut = min(LONGEST_S, SHUT_S * 2 ** min(failures - TRIPS, 30))
    return replace(gate, failures=failures, shut_until=now + shut)


def record_rate_limit(gate: Throttle, now: float, retry_after: float | None) -> Throttle:
    """The provider asked to slow down, for so many seconds if it said: it is alive."""
    until = now + (UNSAID_S if retry_after is None else retry_after)
    return replace(gate, failures=0, shut_until=max(gate.shut_until, until))
