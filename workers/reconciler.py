"""The guarantee behind the fast path: sends what is due, and takes stages from dead workers.

Several may be started; one acts, under a lock that is freed when its process dies.
"""

import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import redis
import structlog
from filelock import FileLock, Timeout
from kombu.exceptions import OperationalError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.errors import LeaseLost, Transient
from backend.pipeline.retry import decide
from backend.process import lifeline
from backend.runs import leases, outbox, transitions
from backend.runs.outbox import Message
from backend.settings import load
from backend.telemetry import logs
from backend.wiring import Parts
from workers.runtime.failpoints import failpoint

log = structlog.get_logger()

ADVISORY_LOCK = 0xD0B11E
EPOCH_KEY = "dubline:epoch"


def main() -> None:
    """Reconcile until told to stop."""
    settings = load()
    logs.configure(settings)
    lifeline.follow_parent()
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    parts = Parts(settings)
    while not stop.is_set():
        lead(parts, stop)
        stop.wait(settings.reconcile_s)


def lead(parts: Parts, stop: threading.Event) -> None:
    """Act round after round as long as this process holds the lock."""
    try:
        with _leadership(parts) as still_leading:
            while still_leading() and not stop.is_set():
                reconcile(parts)
                stop.wait(parts.settings.reconcile_s)
    except DBAPIError as error:
        log.warning("database out of reach", error=type(error).__name__)
        # Nobody could renew a lease meanwhile: give those who live the time to do so.
        stop.wait(parts.settings.heartbeat_s)


def reconcile(parts: Parts) -> None:
    """One round. A broker out of reach is tried again in the next; the database keeps it all."""
    _reap(parts)
    try:
        _notice_lost_messages(parts)
        sent = outbox.relay(parts.db, partial(_send, parts), parts.settings.redispatch_s)
    except (OperationalError, redis.RedisError, OSError) as error:
        log.warning("broker out of reach", error=type(error).__name__)
    else:
        if sent:
            log.info("relayed", messages=sent)


def _send(parts: Parts, message: Message) -> None:
    failpoint("mid-publish", message.stage)
    parts.dispatcher.send(message)


def _reap(parts: Parts) -> None:
    for lease in leases.expired(parts.db):
        error = Transient(f"The worker was not heard of for {parts.settings.lease_s:g} s")
        decision = decide(error, lease, parts.retry_policy(lease.stage), random.random)
        try:
            transitions.fail(
                parts.db, lease, {"kind": "worker_lost", "message": str(error)}, decision
            )
        except LeaseLost:
            continue  # it was slow, not dead: it renewed or finished meanwhile
        log.warning("lease expired", stage=lease.stage, language=lease.language, decision=decision)


def _notice_lost_messages(parts: Parts) -> None:
    """A Redis that lost its data lost our mark with it: then every message counts as lost."""
    if parts.settings.embedded:
        return
    url = parts.settings.broker_url.get_secret_value()
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=0.5) as client:
        if client.set(EPOCH_KEY, "1", nx=True):
            with parts.db.write() as connection:
                outbox.wake_all(connection)


@contextmanager
def _leadership(parts: Parts) -> Iterator[Callable[[], bool]]:
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


if __name__ == "__main__":
    main()
