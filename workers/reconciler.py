"""The guarantee behind the fast path: sends what is due, and takes stages from dead workers.

Several may be started; one acts, under a lock that is freed when its process dies.
"""

import signal
import threading

import structlog

from backend.database.errors import DatabaseFailure
from backend.process import lifeline
from backend.settings import load
from backend.telemetry import logs
from backend.wiring import Parts
from workers.periodic.reconcile import reconcile
from workers.runtime.leadership import contend_for_lead

log = structlog.get_logger()


def main() -> None:
    """Reconcile until told to stop."""
    settings = load()
    logs.configure_logs(settings)
    lifeline.follow_parent()
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    parts = Parts(settings)
    while not stop.is_set():
        lead_rounds(parts, stop)
        stop.wait(settings.reconcile_s)


def lead_rounds(parts: Parts, stop: threading.Event) -> None:
    """Act in every round in which this process holds the lock; ends when the database is away."""
    try:
        with contend_for_lead(parts) as leads:
            while not stop.is_set():
                if leads():
                    reconcile(parts)
                stop.wait(parts.settings.reconcile_s)
    except DatabaseFailure as error:
        log.warning("database out of reach", error=type(error).__name__)
        # Nobody could renew a lease meanwhile: give those who live the time to do so.
        stop.wait(parts.settings.heartbeat_s)


if __name__ == "__main__":
    main()
