"""Starts `workers.offers` beside whoever cannot wait for it, or loads none of what it looks at."""

import subprocess
import sys
import threading


def start_process() -> None:
    """Look at what this machine can do, in a process of its own that nobody has to wait for."""
    command = [sys.executable, "-m", "workers.offers"]
    looking = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # So that it does not stay as a zombie until the worker ends.
    threading.Thread(target=looking.wait, name="offers", daemon=True).start()
