"""The house of a chaos test: on Postgres, Redis and S3, or on SQLite and files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.database import schema
from backend.settings import Settings
from tests.chaos.house import House, environment


@pytest.fixture(params=["servers", "embedded"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """A house with short leases, so that tests need not wait long for a death to be noticed."""
    urls = {}
    if request.param == "servers":
        urls = {
            "database_url": request.getfixturevalue("postgres_url"),
            "broker_url": request.getfixturevalue("redis_url"),
            "storage_backend": "minio",
            **request.getfixturevalue("s3_settings"),
        }
    settings = Settings(
        _env_file=None,
        dubline_home=tmp_path / "home",
        transcription_backend="stub",
        translation_backend="stub",
        tts_backend="stub",
        lease_s=3,
        heartbeat_s=0.5,
        reconcile_s=0.2,
        redispatch_s=2,
        retry_base_s=0.5,
        worker_concurrency=2,
        api_port=0,
        **urls,
    )
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)  # celeryconfig reads it, here as in all processes
    gates = tmp_path / "gates"
    gates.mkdir()
    house = House(settings, gates)
    schema.migrate(house.parts.db)
    yield house
    house.close()
