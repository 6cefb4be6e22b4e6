"""The migrations make the tables that the models describe, on both kinds of databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, select
from sqlalchemy.exc import IntegrityError

from backend.database import schema
from backend.database.engine import Database, from_now
from backend.database.models.accounts import User
from backend.database.models.base import Base
from tests import factories


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    sqlite = f"sqlite:///{tmp_path / 'empty.db'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    db = Database(url)
    yield db
    db.engine.dispose()


def test_up_and_down_and_up_again(empty):
    assert not schema.is_current(empty)
    schema.migrate(empty)
    assert schema.is_current(empty)
    with empty.rebuild() as connection:
        command.downgrade(schema.build_config(connection), "base")
    with empty.read() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    schema.migrate(empty)
    factories.do_all(empty, factories.create_dub(empty)[1])


def test_migrating_twice_changes_nothing(empty):
    schema.migrate(empty)
    schema.migrate(empty)
    with empty.read() as connection:
        assert connection.execute(select(User.name)).scalars().all() == ["local"]


def test_the_models_are_what_the_migrations_make(database):
    with database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_checks_of_the_models_are_in_the_database(database):
    """Alembic does not compare check constraints; a new state must get into them."""
    wanted = {
        (table.name, str(check.name), _values(str(check.sqltext)))
        for table in Base.metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    with database.read() as connection:
        found = {
            (table, check["name"], _values(check["sqltext"]))
            for table in Base.metadata.tables
            for check in inspect(connection).get_check_constraints(table)
        }
    assert found == wanted


def _values(condition: str) -> frozenset[str]:
    return frozenset(re.findall(r"'(\w+)'", condition))


def test_an_unknown_state_is_refused_by_the_database(database):
    factories.create_dub(database)
    with pytest.raises(IntegrityError, match="ck_runs_state"), database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET state = 'napping'")


def test_times_come_back_aware_and_exact_to_the_millisecond(database):
    with database.read() as connection:
        now, later = connection.execute(select(from_now(0), from_now(90.5))).one()
    assert now.utcoffset().total_seconds() == 0
    assert (later - now).total_seconds() == pytest.approx(90.5, abs=0.01)
