"""How far something is that is a part of something longer."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

Progress = Callable[[float], None]  # is told 0..1; raises when the work must stop


T = TypeVar("T")
LOOK_EVERY_S = 0.5


def await_result(future: Future[T], check: Callable[[], None]) -> T:
    """What the future gives; `check` is called now and then, and raises when it is not wanted."""
    while not future.done():
        check()
        wait([future], timeout=LOOK_EVERY_S)
    return future.result()


def tell_part(progress: Progress, begin: float, end: float, fraction: float) -> None:
    """Tell the whole, of which this part goes from `begin` to `end`, that the part is so far."""
    progress(begin + (end - begin) * min(1.0, fraction))
