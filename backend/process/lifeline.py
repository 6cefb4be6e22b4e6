"""Lets the processes of an embedded stack end with whoever started them, however that one ended."""

import os
import signal
import threading
import time
from pathlib import Path

from filelock import FileLock

SETTING = "DUBLINE_LIFELINE"
# What a worker gets to hand its stages back; they mostly do so within a second.
GRACE_S = 40


def follow_parent() -> None:
    """End (by SIGTERM) when standard input does; a no-op unless the parent asked for it."""
    if os.environ.get(SETTING):
        threading.Thread(target=_wait_for_end, name="lifeline", daemon=True).start()


def wait_for_permission() -> None:
    """Wait until the parent lets this process serve; a no-op unless it is an embedded stack's."""
    if os.environ.get(SETTING) and not os.read(0, 1):
        raise SystemExit  # it ended before it did


def build_worker_lock(home: Path) -> FileLock:
    """Held by the worker of an embedded stack as long as its process lives."""
    return FileLock(home / "worker.lock", thread_local=False)


def _wait_for_end() -> None:
    # Below Python's own buffer, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
