"""Locks on files, for one or shared by many, which the system frees when their holders are gone.

A child that is given the descriptor has the lock too, until it closes it or ends: so a lock can be
handed over without a moment in which nobody has it.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class SharedLock:
    """A lock on this file, not held until it is taken; closing it, or the process's end, frees it.

    Raises `OSError` where the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> None:
        """Wait until nobody else has it, shared or not."""
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def share(self) -> None:
        """Wait until nobody has it alone."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def try_take(self) -> bool:
        """Take it, if nobody else has it; who shared it does not any more if others do."""
        return self._try(fcntl.LOCK_EX)

    def try_share(self) -> bool:
        """Share it, if nobody has it alone."""
        return self._try(fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _try(self, how: int) -> bool:
        try:
            fcntl.flock(self.descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
