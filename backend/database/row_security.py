"""Row-level security on Postgres: as whom a transaction reads and writes (docs/security/rows.md).

A process begins as `dubline_system`, which sees all rows: workers, the reconciler, logins, admins.
A request of a user goes on as `dubline_user`, which sees that user's jobs and files, and no account
at all. Queries have their owner filters all the same: this is a second wall behind them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

SYSTEM_ROLE, USER_ROLE = "dubline_system", "dubline_user"

_user: ContextVar[UUID | None] = ContextVar("user", default=None)


def act_as_user(user_id: UUID) -> None:
    """Let this context's further transactions see what belongs to this user."""
    _user.set(user_id)


def act_as_system() -> None:
    """Let this context's further transactions see all."""
    _user.set(None)


@contextmanager
def as_user(user_id: UUID) -> Iterator[None]:
    """The same for a while."""
    before = _user.set(user_id)
    try:
        yield
    finally:
        _user.reset(before)


@contextmanager
def as_system() -> Iterator[None]:
    """See all for a while, where what others have decides over what is the user's."""
    before = _user.set(None)
    try:
        yield
    finally:
        _user.reset(before)


def enter_system_role(connection: Any, _record: Any) -> None:
    """Take the system's role on a new connection, if this database was migrated to have it."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTER_SYSTEM)
    connection.commit()


_ENTER_SYSTEM = f"""
    SELECT set_config('role', rolname, false) FROM pg_roles
    WHERE rolname = '{SYSTEM_ROLE}' AND pg_has_role(session_user, oid, 'MEMBER')
    AND has_table_privilege(oid, to_regclass('alembic_version'), 'SELECT')
"""  # noqa: S608 - our own words


def enter_user_role(connection: Connection) -> None:
    """Take the user's role for a transaction, where the context acts for one.

    Role and user go with the transaction, so that a pooler may give its connection to others.
    """
    user_id = _user.get()
    if user_id is not None:
        connection.exec_driver_sql(_ENTER_USER, (USER_ROLE, str(user_id)))


_ENTER_USER = "SELECT set_config('role', %s, true), set_config('app.user_id', %s, true)"


def enter_owner_role(connection: Connection) -> None:
    """Take the login's own role for a transaction: tables are its to change."""
    connection.exec_driver_sql("SELECT set_config('role', 'none', true)")
