"""Fixtures of all tests: a clean environment, and real servers at their first use."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from backend.database import schema
from backend.database.engine import Database
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.base import Base
from backend.settings import Settings
from backend.wiring import Parts
from tests import factories, servers
from tests.servers import S3, Server

_numbers = count()

# In the background of a script it is ignored, by whatever tests start too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Taken before the environment is cleared.
_REAL_S3 = {
    name: os.environ.get(name.upper(), "")
    for name in ("minio_endpoint", "minio_access_key", "minio_secret_key")
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Chaos takes many minutes, of which `make test` runs a part; live vendors cost money."""
    parser.addoption("--smoke", action="store_true", help="run docker-compose.yml in containers")
    parser.addoption("--live", action="store_true", help="ask live vendors whose keys are set")
    parser.addoption("--chaos", action="store_true", help="run all of the chaos tests")
    parser.addoption("--chaos-seed", type=int, default=20261121, help="what the blows follow from")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make chaos`, `make test-live` and `make smoke` run."""
    for kind in ("chaos", "live", "smoke"):
        if not config.getoption(f"--{kind}"):
            left_out = [item for item in items if item.get_closest_marker(kind)]
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in set(left_out)]


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests gets in, neither by the environment nor by a `.env`."""
    for name in (*Settings.model_fields, "dubline_url", "dubline_failpoints"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DUBLINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    # It reads the environment when it is imported.
    monkeypatch.delitem(sys.modules, "celeryconfig", raising=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A Postgres for the session."""
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: Server) -> str:
    """The URL of the migrated database that tests use one after the other."""
    url = _new_database(postgres_server.url, "dubline")
    db = Database(url)
    schema.migrate(db)
    db.engine.dispose()
    return url


@pytest.fixture
def postgres_url(migrated_postgres: str) -> str:
    """The URL of a database without any job. Emptying one takes 1 ms, copying one 200."""
    with psycopg.connect(migrated_postgres.replace("+psycopg", "")) as connection:
        connection.execute(END_OTHER_SESSIONS)
        for table in reversed(Base.metadata.sorted_tables):
            mine = sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name))
            connection.execute(mine)
        connection.execute(ADD_LOCAL_USER, [LOCAL_USER])
    return migrated_postgres


ADD_LOCAL_USER = """
    INSERT INTO users (id, name, role, created_at) VALUES (%s, 'local', 'admin', now())
"""
# A test that failed may have left some, with locks.
END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def empty_postgres_url(postgres_server: Server) -> str:
    """The URL of a database without any table."""
    return _new_database(postgres_server.url, f"empty_{next(_numbers)}")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """A Redis for the session."""
    with servers.redis_server() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """The URL of an empty Redis."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """An S3 service that can be stopped."""
    server = S3()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of an S3 service: a real MinIO where `MINIO_ENDPOINT` is set, otherwise moto."""
    if _REAL_S3["minio_endpoint"]:
        return _REAL_S3
    server: S3 = request.getfixturevalue("s3_server")
    return server.settings


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    db = Database(f"sqlite:///{path}")
    schema.migrate(db)
    db.engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database without any job, once of each kind."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "test.db")
        db = Database(f"sqlite:///{copy}")
    else:
        db = Database(request.getfixturevalue("postgres_url"))
    yield db
    db.engine.dispose()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """A migrated Postgres, for what only several machines can do to each other."""
    db = Database(postgres_url)
    yield db
    db.engine.dispose()


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """The parts of an embedded house with stub providers."""
    found = Parts(factories.stub_settings(tmp_path / "home"))
    schema.migrate(found.db)
    yield found
    found.db.engine.dispose()


def _new_database(server: str, name: str) -> str:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{server}/{name}".replace("postgresql://", "postgresql+psycopg://")
