"""Lets long work be stopped, wherever in its depths it is: in FFmpeg's reads, plans or tools."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CHECK: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextmanager
def interruptible(check: Callable[[], None]) -> Iterator[None]:
    """Within it all that takes long in this thread calls `check` often, which raises to stop it."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def check_interrupt() -> None:
    """Raise what stops the work, if something does."""
    _CHECK.get()()
