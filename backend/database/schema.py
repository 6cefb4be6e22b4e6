"""The database's schema: brought up to date, and checked to be, by Alembic."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from backend.database.engine import Database
from backend.database.models.accounts import LOCAL_USER, Role, User

# It takes as long to import as all else that an API needs of the database.
if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def build_config(connection: Connection | None = None) -> "Config":
    """Alembic's configuration for our migrations, on this connection."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(MIGRATIONS))
    found.attributes["connection"] = connection
    return found


def migrate(db: Database, revision: str = "head") -> None:
    """Bring the schema to a revision; the local user is there afterwards."""
    from alembic import command

    with db.rebuild() as connection:
        command.upgrade(build_config(connection), revision)
        local = {"id": LOCAL_USER, "name": "local", "role": Role.ADMIN}
        if connection.execute(select(User.id).where(User.id == LOCAL_USER)).first() is None:
            connection.execute(insert(User).values(local))


def is_current(db: Database) -> bool:
    """Whether the database has the schema that this code expects."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with db.read() as connection:
        now = MigrationContext.configure(connection).get_current_heads()
    return set(now) == set(ScriptDirectory.from_config(build_config()).get_heads())
