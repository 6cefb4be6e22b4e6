"""The processes of a benchmark: started, told what to do, ended, and what they took."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

READY = "ready"
DONE = "done"


@contextmanager
def running(
    log: Path, environment: Mapping[str, str], *module: str
) -> Iterator[subprocess.Popen[str]]:
    """A Python module that runs until the end of the context, where SIGTERM ends it."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,  # Ctrl-C ends the benchmark, which then ends these in order
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def obey(do: Callable[[int], None]) -> None:
    """Be a driver: do as many jobs as each line of standard input asks for, and tell when done."""
    print(READY, flush=True)
    for line in sys.stdin:
        do(int(line))
        print(DONE, flush=True)


class Side:
    """One of those that are compared: its drivers share the jobs among them."""

    def __init__(self, *drivers: subprocess.Popen[str]) -> None:
        self._drivers = drivers
        self._hear(READY)

    def do(self, jobs: int) -> None:
        """Do so many jobs; returns when the last one is done."""
        for driver in self._drivers:
            print(jobs // len(self._drivers), file=driver.stdin, flush=True)
        self._hear(DONE)

    def _hear(self, word: str) -> None:
        for driver in self._drivers:
            if driver.stdout.readline().strip() != word:
                sys.exit(f"{driver.args} ended: see the lines above")


def busy() -> float:
    """Processor seconds that this process and all it started, servers included, took so far."""
    me = psutil.Process()
    return sum(map(_busy, [me, *me.children(recursive=True)]))


def _busy(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        used = process.cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)
    return 0.0
