"""Finished jobs in bulk, copied from one that was really done."""

from sqlalchemy import Column, Connection, Table, Uuid, text

from backend.database.engine import Database
from backend.database.models.base import Base

# Jobs and what belongs to them; but keys and links, of which no two may be alike.
ALONE = ("idempotency_keys", "share_links")
TABLES = [
    table
    for table in Base.metadata.sorted_tables
    if table.name == "jobs"
    or ({"job_id", "run_id"} & {*table.c.keys()} and table.name not in ALONE)
]
# A UUIDv7 begins with 12 digits of time; the rest tells the ids of one time apart.
COPIED_ID = "(lpad(to_hex({time}), 12, '0') || right(replace({id}::text, '-', ''), 20))::uuid"
TIME = "1700000000000 + copy"  # ms: before whatever is measured


def multiply(db: Database, copies: int) -> None:
    """Copy all jobs of a Postgres so many times; the copies look older than all others.

    Raises `sqlalchemy.exc.ProgrammingError` without a superuser's rights.
    """
    with db.rebuild() as connection:  # as the login, which may do so
        # Spares the checks of foreign keys: the copies' are as good as the originals'.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in TABLES:
            _copy(connection, table, copies)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("RESET ROLE"))
        connection.execute(text("VACUUM ANALYZE"))
    db.engine.dispose()


def _copy(connection: Connection, table: Table, copies: int) -> None:
    values = ", ".join(_copy_column(column) for column in table.columns)
    names = ", ".join(column.name for column in table.columns)
    copied = f"SELECT {values} FROM {table.name}, generate_series(1, :copies) AS copy"  # noqa: S608
    connection.execute(text(f"INSERT INTO {table.name} ({names}) {copied}"), {"copies": copies})


def _copy_column(column: Column[object]) -> str:
    return COPIED_ID.format(time=TIME, id=column.name) if _is_copied(column) else column.name


def _is_copied(column: Column[object]) -> bool:
    """Whether it holds the id of something that is copied along."""
    if not isinstance(column.type, Uuid):
        return False
    targets = [key.column.table for key in column.foreign_keys] or [column.table]
    return all(target in TABLES for target in targets)
