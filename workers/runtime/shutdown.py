"""How the worker's main process tells its pool to stop."""

import mmap
from typing import Protocol


class StopFlag(Protocol):
    """Something that happens once, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether it has happened."""


class SharedFlag:
    """A flag that the processes forked after it was made share with the one that made it.

    A byte without a lock: whoever holds the lock of a `multiprocessing.Event` and is killed
    leaves everybody else waiting for it for ever. It is memory without a file behind it, because
    /dev/shm is not there, or not to be written to, on every machine.
    """

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def set(self) -> None:
        """It has happened."""
        self._byte[0] = 1

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._byte[0] == 1
