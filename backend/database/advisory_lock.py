"""A lock of Postgres that one process has at a time, and loses with its connection."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from backend.database.engine import Database


@contextmanager
def contend_for_lock(db: Database, number: int, idle_s: float) -> Iterator[Callable[[], bool]]:
    """Yields what tells whether this process has the lock; each time it has not, it tries to.

    Whoever hangs keeps the connection, so Postgres ends one that it does not hear of for `idle_s`
    seconds. Raises `DatabaseFailure` when the connection, and with it the lock, is lost.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        limit = text("SELECT set_config('idle_session_timeout', :ms, false)")
        connection.execute(limit, {"ms": str(round(1000 * idle_s))})
        # Postgres counts how often a session takes a lock: who has it only shows to be alive.
        take = text(f"SELECT pg_try_advisory_lock({number})")
        ours = False

        def has_lock() -> bool:
            nonlocal ours
            ours = bool(connection.execute(text("SELECT true") if ours else take).scalar_one())
            return ours

        try:
            yield has_lock
        finally:
            connection.invalidate()
