"""How the worker's main process tells its pool to stop."""

from ctypes import c_bool
from multiprocessing.sharedctypes import RawValue
from typing import Protocol


class Flag(Protocol):
    """Something that happens once, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether it has happened."""


class SharedFlag:
    """A flag that the processes forked after it was made share with the one that made it.

    A byte without a lock: whoever holds the lock of a `multiprocessing.Event` and is killed
    leaves everybody else waiting for it for ever.
    """

    def __init__(self) -> None:
        self._set = RawValue(c_bool, False)

    def set(self) -> None:
        """It has happened."""
        self._set.value = True

    def is_set(self) -> bool:
        """Whether it has happened."""
        return bool(self._set.value)
