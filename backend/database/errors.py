"""What goes wrong with a database, by names of our own: only rooms that query know SQLAlchemy."""

import errno
import os

from sqlalchemy.exc import DBAPIError, OperationalError

# It refused or it is away.
DatabaseFailure = DBAPIError
# It is away, or was while it answered; the same may work in a moment.
DatabaseUnreachable = OperationalError

# By what its file ends in, by SQLite's primary result codes (sqlite.org/rescode.html), and by
# Postgres' SQLSTATE for a disk that is full.
DISK_ERRORS = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_READONLY": errno.EROFS,
    "SQLITE_CANTOPEN": errno.EACCES,
    "SQLITE_IOERR": errno.EIO,
    "53100": errno.ENOSPC,
}


def find_disk_error(error: DBAPIError) -> OSError | None:
    """What the disk of the database has, if that is the cause."""
    name = getattr(error.orig, "sqlite_errorname", "") or getattr(error.orig, "sqlstate", "") or ""
    number = next((no for start, no in DISK_ERRORS.items() if name.startswith(start)), None)
    return None if number is None else OSError(number, os.strerror(number))
