"""Fixtures of all tests: a clean environment, and real servers at their first use."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from moto.server import ThreadedMotoServer

from backend.core import schema
from backend.core.db import Database
from backend.settings import Settings
from backend.wiring import Parts
from tests import factories, servers

_numbers = count()

# Taken before the environment is cleared.
_REAL_S3 = {
    name: os.environ.get(name.upper(), "")
    for name in ("minio_endpoint", "minio_access_key", "minio_secret_key")
}


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests gets in, neither by the environment nor by a `.env`."""
    for name in (*Settings.model_fields, "dubline_url", "dubline_failpoints"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DUBLINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A Postgres with a migrated database to copy from."""
    with servers.postgres() as url:
        _execute(url, "CREATE DATABASE template_dubline")
        db = Database(_driver(f"{url}/template_dubline"))
        schema.migrate(db)
        db.engine.dispose()
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The URL of a fresh, migrated database."""
    return _new_database(postgres_server, "template_dubline")


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> str:
    """The URL of a database without any table."""
    return _new_database(postgres_server, "template1")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A Redis for the session."""
    with servers.redis_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of an empty Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def s3_settings() -> Iterator[dict[str, str]]:
    """Settings of an S3 service: a real MinIO where `MINIO_ENDPOINT` is set, otherwise moto."""
    if _REAL_S3["minio_endpoint"]:
        yield _REAL_S3
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"minio_access_key": "test", "minio_secret_key": "test"}
    yield {"minio_endpoint": f"{host}:{port}", **keys}
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database, once of each kind."""
    if request.param == "sqlite":
        db = Database(f"sqlite:///{tmp_path / 'test.db'}")
        schema.migrate(db)
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


def _new_database(server: str, template: str) -> str:
    name = f"test_{next(_numbers)}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return _driver(f"{server}/{name}")


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement)


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")
