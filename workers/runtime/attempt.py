"""One attempt at a stage, and the seam around it where what watches stages is hung."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import structlog

from backend.runs.leases import Claim
from backend.runs.transitions import Success
from workers.interfaces.providers import Cost

log = structlog.get_logger()


@dataclass
class Attempt:
    """What is known of it, filled in as it goes: `success` or `error` at its end."""

    claim: Claim
    bill: list[Cost] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # the keys of what is kept for all jobs
    success: Success | None = None
    error: Exception | None = None


# Entered before the work begins, and left when its end is written. It must not raise.
Middleware = Callable[[Attempt], AbstractContextManager[None]]


@contextmanager
def log_attempt(attempt: Attempt) -> Iterator[None]:
    """Name job, run, stage and language in every line, and tell how long the attempt took."""
    claim = attempt.claim
    place = {"job": str(claim.job_id), "run": claim.run_number, "stage": claim.stage}
    with structlog.contextvars.bound_contextvars(**place, language=claim.language):
        log.info("stage started", attempt=claim.attempt)
        began = time.monotonic()
        yield
        if attempt.success is not None:
            log.info("stage succeeded", seconds=round(time.monotonic() - began, 3))
