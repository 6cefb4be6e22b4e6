"""Waiting for a database or a storage that is away for a moment, when work is done and paid."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from backend.database.errors import DatabaseUnreachable
from backend.errors import Transient

T = TypeVar("T")


def outlast_outage(act: Callable[[], T], seconds: float) -> T:
    """Do it, and do it again while the database or the storage is out of reach.

    Raises the last error when that goes on for longer than `seconds`.
    """
    return Retrying(
        retry=retry_if_exception_type((DatabaseUnreachable, Transient)),
        wait=wait_random_exponential(multiplier=0.1, max=1),
        stop=stop_after_delay(seconds),
        reraise=True,
    )(act)
