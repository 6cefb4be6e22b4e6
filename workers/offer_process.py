"""Starts `workers.offers` beside whoever cannot wait for it, or loads none of what it looks at."""

import subprocess
import sys
from threading import Event, Thread

from backend.jobs.offers import TELL_AGAIN_S


def start_process() -> None:
    """Look at what this machine can do, in a process of its own that nobody has to wait for."""
    looking = subprocess.Popen([sys.executable, "-m", "workers.offers"], stdin=subprocess.DEVNULL)
    # So that it does not stay as a zombie until the worker ends.
    Thread(target=looking.wait, name="offers", daemon=True).start()


def tell_regularly() -> None:
    """Look now and again for as long as this process lives: what is not told again is forgotten."""
    Thread(target=_look_again, name="offers again", daemon=True).start()


def _look_again() -> None:
    ended = Event()
    while not ended.wait(TELL_AGAIN_S):
        start_process()
