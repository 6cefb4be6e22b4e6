"""What tests of commands with real processes share."""

import os
from collections.abc import Callable, Iterator

import pytest

from backend.cli.client import Client
from backend.database import schema
from backend.wiring import Parts
from tests.api_server import serve_api
from tests.servers import free_port

LACK = "libatomic.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture
def break_module(tmp_path, monkeypatch) -> Callable[[str], None]:
    """Lets processes started from now on fail to import a module."""

    def put_in_the_way(name: str) -> None:
        folder = tmp_path / "broken"
        folder.mkdir()
        (folder / f"{name}.py").write_text(f"raise ImportError({LACK!r})")
        monkeypatch.setenv("PYTHONPATH", f"{folder}:{os.environ['PYTHONPATH']}")

    return put_in_the_way


@pytest.fixture
def parts(new_parts: Callable[..., Parts]) -> Parts:
    """Those of an API at a port of its own."""
    parts = new_parts(api_port=free_port())
    schema.migrate(parts.db)
    return parts


@pytest.fixture
def server(parts: Parts) -> Iterator[str]:
    """The URL of an API without workers: whose jobs never end."""
    with serve_api(parts):
        yield parts.settings.api_url


@pytest.fixture
def client(server: str) -> Client:
    """The command line's, of that API."""
    return Client(server)
