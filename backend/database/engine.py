"""The database: engine, transactions, and the few expressions that differ between the two kinds.

Postgres serves many machines, SQLite (WAL) one. Times are taken from the database's clock, so
that leases do not depend on the clocks of workers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Dialect,
    Engine,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from backend.database import row_security

Json = JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which has no zones, keeps it as naive UTC text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; hand SQLite a naive UTC one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the database are aware: give this one a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class from_now(GenericFunction[datetime]):  # noqa: N801 - named as the SQL function it is
    """The database's clock plus so many seconds: `from_now(90)`, `from_now(0)`."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(from_now, "postgresql")
def _render_from_now_postgres(element: from_now, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **kw)}))"


@compiles(from_now, "sqlite")
def _render_from_now_sqlite(element: from_now, compiler: SQLCompiler, **kw: Any) -> str:
    # The text SQLAlchemy itself stores has microseconds; texts of equal length compare as times.
    seconds = compiler.process(element.clauses, **kw)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', ({seconds}) || ' seconds') || '000')"


class Database:
    """An engine with two kinds of transactions; opens no connection until the first is begun."""

    def __init__(self, url: str) -> None:
        self.engine = _build_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end and rolls back on any error.

        On SQLite it takes the write lock at once: one that reads first and then writes could
        not be made to wait, only fail.
        """
        writer = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        with writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it waits for no writer."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A write transaction for migrations, in which tables that others refer to may be rebuilt.

        SQLite drops and makes such tables anew, and looks at references while it does, unless that
        is turned off before the transaction begins.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                row_security.enter_owner_role(connection)
                yield connection
            self.engine.dispose()  # those from before have the roles from before
            return
        with self.engine.execution_options(sqlite_begin="IMMEDIATE").connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
            finally:
                driver.execute("PRAGMA foreign_keys=ON")

    def dispose(self) -> None:
        """Close all connections; a forked process must do so before its first query."""
        self.engine.dispose(close=False)


def _build_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        engine = create_engine(
            url, connect_args=_POSTGRES_ARGS, pool_pre_ping=True, pool_size=5, max_overflow=20
        )
        event.listen(engine, "connect", row_security.enter_system_role)
        event.listen(engine, "begin", row_security.enter_user_role)
        return engine
    engine = create_engine(url, connect_args=_SQLITE_ARGS)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


# A server that vanished without a word is given up well within a lease: seconds, but for the last,
# which is in milliseconds (libpq, "Parameter Key Words").
_POSTGRES_ARGS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


# pysqlite's own implicit BEGIN comes too late and is never IMMEDIATE; we send it ourselves.
_SQLITE_ARGS: dict[str, Any] = {"timeout": 30, "isolation_level": None}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # synchronous=FULL: an accepted job survives a power cut, not only a crash of the process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
