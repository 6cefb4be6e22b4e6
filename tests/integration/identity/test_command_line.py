"""The command line at a server that asks who it is."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import request
from pydantic import SecretStr

from backend.api.app import create_app
from backend.cli.client import Client
from backend.cli.command_line import cli
from backend.identity import users
from backend.storage.local import LocalStore
from backend.wiring import Parts
from tests import factories
from tests.api_server import serve_app
from tests.integration.identity.conftest import EMAIL
from tests.servers import free_port


@pytest.fixture
def authorizations(parts: Parts) -> Iterator[list[tuple[str, str | None]]]:
    """Starts the API; tells which paths were shown which Authorization."""
    port, seen = free_port(), []
    url = f"http://127.0.0.1:{port}"
    # As far as origins go, files are kept at another service.
    elsewhere = LocalStore(
        parts.settings.dubline_home / "files", f"http://localhost:{port}", "s" * 32
    )
    parts.__dict__.update(
        settings=parts.settings.model_copy(update={"api_port": port}),
        local_store=elsewhere,
        store=elsewhere,
    )
    app = create_app(parts.settings)
    app.extensions["dubline"] = parts
    app.before_request(lambda: seen.append((request.path, request.headers.get("Authorization"))))
    assert parts.settings.api_url == url
    with serve_app(app, port):
        yield seen


@pytest.fixture
def key(parts: Parts, registered: str) -> str:
    return factories.api_key(parts.db, users.find_user(parts.db, EMAIL).id)


def run(parts: Parts, *arguments: str, **env: str) -> Result:
    return run_here(parts, *arguments, "--server", parts.settings.api_url, **env)


def run_here(parts: Parts, *arguments: str, **env: str) -> Result:
    home = {"DUBLINE_HOME": str(parts.settings.dubline_home)}
    return CliRunner().invoke(cli, arguments, env=home | env)


def test_a_key_is_a_setting(parts, authorizations, key):
    refused = run(parts, "dead-letters")
    assert refused.exit_code == 1
    assert "set DUBLINE_API_KEY" in refused.output
    answer = run(parts, "dead-letters", DUBLINE_API_KEY=key)
    assert (answer.exit_code, answer.output) == (0, "No dead letters\n")


def test_the_key_is_shown_to_the_api_and_to_no_storage(parts, authorizations, key, tmp_path: Path):
    """Red when it is a header of all requests: any storage would get to know it."""
    talk = tmp_path / "talk.txt"
    talk.write_text("Hello there.\n")
    client = Client(parts.settings.api_url, key=SecretStr(key))
    file = client.upload(talk, "video")
    client.submit({"mediaId": file["id"], "targetLanguages": ["es"]})
    client.close()
    assert file["sha256"] == hashlib.sha256(talk.read_bytes()).hexdigest()
    to_storage = [given for path, given in authorizations if path.startswith("/v1/blobs")]
    assert to_storage == [None]
    to_api = {given for path, given in authorizations if not path.startswith("/v1/blobs")}
    assert to_api == {f"Bearer {key}"}
    assert key not in repr(client)


def test_who_runs_the_house_makes_a_key_for_a_user(parts, authorizations, registered):
    made = run_here(parts, "users", "create-key", EMAIL)
    answer = run(parts, "dead-letters", DUBLINE_API_KEY=made.output.strip())
    assert (answer.exit_code, answer.output) == (0, "No dead letters\n")


def test_a_key_acts_for_somebody(parts, authorizations):
    made = run_here(parts, "users", "create-key", "nobody@example.org")
    assert (made.exit_code, made.output) == (1, "Error: There is no user nobody@example.org\n")
