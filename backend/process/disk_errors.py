"""What it means, and what to do, when the machine's disk takes no more."""

import errno
import shutil
from pathlib import Path

REMEDIES = {
    errno.ENOSPC: "there is no space left: free some",
    errno.EDQUOT: "the quota is used up: free some space or raise it",
    errno.EROFS: "it is read-only: make it writable",
    errno.EACCES: "it may not be written to: give this user the right to",
    errno.EPERM: "it may not be written to: give this user the right to",
    errno.EIO: "the disk fails: look at the system's log",
}
FULL = 1 << 20  # bytes: with fewer free ones, a library that gives no reason ran out of them


def explain_disk_error(error: Exception, folder: Path) -> str | None:
    """What is wrong with the folder that the error names, or this one; None if nothing is."""
    number = getattr(error, "errno", None)
    named = getattr(error, "filename", None)
    if isinstance(number, int) and number in REMEDIES:
        return f"Nothing can be written to {_find_folder(named, folder)}: {REMEDIES[number]}."
    if number is None and folder.is_dir() and shutil.disk_usage(folder).free < FULL:
        return f"Nothing can be written to {folder}: {REMEDIES[errno.ENOSPC]}."
    return None


def _find_folder(named: object, folder: Path) -> Path:
    path = Path(named) if isinstance(named, str) and named else folder
    return path if path.is_dir() else path.parent
