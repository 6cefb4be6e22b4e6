"""What it means, and what to do, when the machine's disk takes no more."""

import errno
import shutil
from pathlib import Path
from tempfile import TemporaryFile

REMEDIES = {
    errno.ENOSPC: "there is no space left: free some",
    errno.EDQUOT: "the quota is used up: free some space or raise it",
    errno.EROFS: "it is read-only: make it writable",
    errno.EACCES: "it may not be written to: make it writable for this user",
    errno.EPERM: "it may not be written to: make it writable for this user",
    errno.EIO: "the disk fails: look at the system's log",
}
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
# What is no fault of the disk, where the path is one that somebody named.
OBSTACLES = {
    errno.ENOTDIR: "a file is in the place of a folder there: move it away",
    errno.EEXIST: "a file is in the place of this folder: move it away",
    errno.EISDIR: "a folder is in the place of this file: move it away",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOENT: "it cannot be made there",
}
FULL = 1 << 20  # bytes: with fewer free ones, who gives no reason of their own ran out of them
UNTOLD = (None, errno.EIO)  # SQLite calls so what its shared memory cannot grow into


def explain_disk_error(error: Exception, folder: Path) -> str | None:
    """What is wrong with the folder that the error names, or this one; None if nothing is."""
    number = getattr(error, "errno", None)
    named = getattr(error, "filename", None)
    if number in UNTOLD and folder.is_dir() and shutil.disk_usage(folder).free < FULL:
        return _format_reason(folder, errno.ENOSPC)
    if number not in REMEDIES:
        return None
    return _format_reason(_find_folder(named, folder), number)


def _format_reason(folder: Path, number: int) -> str:
    return f"Nothing can be written to {folder}: {REMEDIES[number]}."


def require_writable(folder: Path) -> None:
    """Make the folder, and write a byte there; raises `OSError` that names it when that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(b"\n")
    except OSError as error:
        error.filename = str(folder)  # and not a name that was made up
        raise


def explain_path_error(error: OSError, folder: Path) -> str | None:
    """The same of a path that somebody named, with what is in its way; None if nothing is."""
    told = explain_disk_error(error, folder)
    if told or error.errno not in OBSTACLES:
        return told
    return f"Nothing can be written to {error.filename or folder}: {OBSTACLES[error.errno]}."


def _find_folder(named: object, folder: Path) -> Path:
    path = Path(named) if isinstance(named, str) and named else folder
    return path if path.is_dir() else path.parent
