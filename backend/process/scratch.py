"""Scratch folders that do not outlive their process, however it ends."""

import os
import shutil
from pathlib import Path

from filelock import FileLock, Timeout


class Scratch:
    """A folder of this process below `root`; those that dead processes left are removed first.

    Whose process lives is told by a lock that the system frees, not by a process id, which
    containers give out twice.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        for lock in root.glob("*.lock"):
            _remove_if_free(lock)
        self.folder = root / f"{os.getpid()}-{os.urandom(4).hex()}"
        self._lock = FileLock(_build_lock_path(self.folder))
        self._lock.acquire()
        self.folder.mkdir()


def _build_lock_path(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove_if_free(lock: Path) -> None:
    try:
        with FileLock(lock).acquire(blocking=False):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink()
    except (Timeout, FileNotFoundError):
        return  # its process lives, or another one was quicker to remove it
