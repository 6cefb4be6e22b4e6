"""What goes wrong with a database, by names of our own: only rooms that query know SQLAlchemy."""

from sqlalchemy.exc import DBAPIError, OperationalError

# It refused or it is away.
DatabaseFailure = DBAPIError
# It is away, or was while it answered; the same may work in a moment.
DatabaseUnreachable = OperationalError
