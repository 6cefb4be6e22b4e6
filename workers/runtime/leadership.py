"""Which of several reconcilers acts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

from backend.database.advisory_lock import contend_for_lock
from backend.wiring import Parts

ADVISORY_LOCK = 0xD0B11E


@contextmanager
def contend_for_lead(parts: Parts) -> Iterator[Callable[[], bool]]:
    """Yields what tells whether this process leads; each time it does not, it tries to."""
    settings = parts.settings
    if parts.db.is_sqlite:
        yield from _contend_for_file(FileLock(settings.dubline_home / "reconciler.lock"))
        return
    idle = max(settings.lease_s, 2 * settings.reconcile_s)
    with contend_for_lock(parts.db, ADVISORY_LOCK, idle) as leads:
        yield leads


def _contend_for_file(lock: FileLock) -> Iterator[Callable[[], bool]]:
    def has_lock() -> bool:
        with suppress(Timeout):
            if not lock.is_locked:
                lock.acquire(blocking=False)
        return lock.is_locked

    try:
        yield has_lock
    finally:
        lock.release()
