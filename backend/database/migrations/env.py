"""Alembic's environment: the connection is `database.schema`'s, the tables are `models`'."""

from alembic import context

from backend.database.models.base import Base


def _migrate() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite cannot alter most of a table in place
        user_module_prefix="backend.database.engine.",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate()
