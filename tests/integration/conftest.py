"""Houses without workers: what the API and the reconciler are made of, on real servers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from backend.database import schema
from backend.wiring import Parts
from tests import factories

NewParts = Callable[..., Parts]


@pytest.fixture
def new_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NewParts]:
    """Makes the parts of one more process of the same house; takes settings."""
    made: list[Parts] = []

    def make(**settings: object) -> Parts:
        # Celery's settings are read from the environment, by every process for itself.
        for name in ("database_url", "broker_url"):
            monkeypatch.setenv(name.upper(), str(settings.get(name, "")))
        parts = Parts(factories.stub_settings(tmp_path / "home", reconcile_s=0.02, **settings))
        made.append(parts)
        return parts

    yield make
    for parts in made:
        parts.db.engine.dispose()


@pytest.fixture
def client(parts: Parts) -> FlaskClient:
    """A client of the API of an embedded house."""
    return factories.api_client(parts)


@pytest.fixture(params=["embedded", "servers"])
def new_process(request: pytest.FixtureRequest, new_parts: NewParts) -> Callable[[], Parts]:
    """Makes the parts of one more process, of an embedded house and of one with servers."""
    settings = {}
    if request.param == "servers":
        settings["database_url"] = request.getfixturevalue("postgres_url")
        settings["broker_url"] = request.getfixturevalue("redis_url")
    schema.migrate(new_parts(**settings).db)
    return lambda: new_parts(**settings)
