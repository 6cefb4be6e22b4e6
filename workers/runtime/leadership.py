"""Which of several reconcilers acts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout
from sqlalchemy import text

from backend.wiring import Parts

ADVISORY_LOCK = 0xD0B11E


@contextmanager
def hold_leadership(parts: Parts) -> Iterator[Callable[[], bool]]:
    """Yields what tells whether this process leads."""
    if parts.db.is_sqlite:
        lock = FileLock(parts.settings.dubline_home / "reconciler.lock")
        try:
            with lock.acquire(blocking=False):
                yield lambda: True
        except Timeout:
            yield lambda: False
        return
    # The lock belongs to this connection: whoever lost the connection leads no longer. A leader
    # that hangs keeps its own, so Postgres ends one that was not heard of for a whole lease.
    with parts.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        limit = text("SELECT set_config('idle_session_timeout', :ms, false)")
        idle = max(parts.settings.lease_s, 2 * parts.settings.reconcile_s)
        connection.execute(limit, {"ms": str(round(1000 * idle))})
        take = text(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})")
        ours = connection.execute(take).scalar_one()
        try:
            yield lambda: bool(ours and connection.execute(text("SELECT 1")).scalar_one())
        finally:
            connection.invalidate()
