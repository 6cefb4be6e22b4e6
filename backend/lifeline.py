"""Lets the processes of an embedded stack end with whoever started them, however that one ended."""

import os
import signal
import threading

SETTING = "DUBLINE_LIFELINE"


def follow_parent() -> None:
    """End (by SIGTERM) when standard input does; a no-op unless the parent asked for it."""
    if os.environ.get(SETTING):
        threading.Thread(target=_wait_for_end, name="lifeline", daemon=True).start()


def _wait_for_end() -> None:
    # Below Python's own buffer, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
