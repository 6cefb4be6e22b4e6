"""Whether a failed stage is tried again, and when: a pure decision."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from backend.errors import DublineError, RateLimited, Throttled, Transient

SPREAD = 0.25


@dataclass(frozen=True)
class RetryPolicy:
    """`max_attempts` at a stage; backoff from `base` to `longest` seconds.

    Waiting for a rate limit uses up no attempt, but lasts `deadline` seconds at most in all that
    time in which no call succeeds.
    """

    max_attempts: int
    base: float
    longest: float
    deadline: float


@dataclass(frozen=True)
class TryAgain:
    """Try again in `wait` seconds.

    `counts` is whether the attempt that failed counts; `limited` are the rate limits in a row so
    far, and `waited` the seconds of waiting after these.
    """

    wait: float
    counts: bool = True
    limited: int = 0
    waited: float = 0.0


@dataclass(frozen=True)
class GiveUp:
    """Do not try again; `dead` when only because attempts or time ran out."""

    dead: bool


class AttemptHistory(Protocol):
    """How often a stage was tried; a claim tells it."""

    @property
    def attempt(self) -> int:
        """The number of the attempt that ended, from 1."""

    @property
    def limited(self) -> int:
        """How many attempts before it a rate limit ended in a row."""

    @property
    def waited(self) -> float:
        """Seconds of waiting after these."""


def backoff(attempt: int, policy: RetryPolicy, random: Callable[[], float]) -> float:
    """Exponential backoff with full jitter, seconds.

    `attempt` counts from 1; `random` gives 0..1. After M. Brooker, "Exponential Backoff And
    Jitter", AWS Architecture Blog, 2015.
    """
    ceiling: float = min(policy.longest, policy.base * 2 ** min(attempt - 1, 62))
    return ceiling * random()


def decide_retry(
    error: Exception, tried: AttemptHistory, policy: RetryPolicy, random: Callable[[], float]
) -> TryAgain | GiveUp:
    """What to do after `error` ended the attempt.

    Errors that are not Dubline's own are bugs or a sick machine: another worker may fare better,
    so they are retried.
    """
    if isinstance(error, Throttled):
        # A little later than its turn, so that not all come back at the same moment.
        wait = error.wait * (1 + SPREAD * random())
        return TryAgain(wait, counts=False, limited=tried.limited, waited=tried.waited)
    if isinstance(error, RateLimited):
        return _decide_rate_limited(error, tried, policy, random)
    if not is_transient(error):
        return GiveUp(dead=False)
    if tried.attempt >= policy.max_attempts:
        return GiveUp(dead=True)
    return TryAgain(backoff(tried.attempt, policy, random))


def _decide_rate_limited(
    error: RateLimited, tried: AttemptHistory, policy: RetryPolicy, random: Callable[[], float]
) -> TryAgain | GiveUp:
    before, waited = (0, 0.0) if error.advanced else (tried.limited, tried.waited)
    wait = max(error.retry_after or 0.0, backoff(before + 1, policy, random))
    if waited + wait > policy.deadline:
        return GiveUp(dead=True)
    return TryAgain(wait, counts=False, limited=before + 1, waited=waited + wait)


def is_transient(error: Exception) -> bool:
    """Whether trying again may help."""
    return isinstance(error, Transient) or not isinstance(error, DublineError)
