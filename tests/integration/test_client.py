"""The command line's client against a real server."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import click
import pytest
from werkzeug.serving import make_server

from backend.app import create_app
from backend.cli.client import ApiError, Client
from backend.core import schema, views
from backend.core.models import LOCAL_USER
from backend.wiring import Parts
from tests import factories
from tests.servers import free_port

TEXT = "Hello there.\n"


@pytest.fixture
def parts(new_parts) -> Parts:
    port = free_port()
    parts = new_parts(api_port=port)
    schema.migrate(parts.db)
    return parts


@pytest.fixture
def client(parts: Parts) -> Iterator[Client]:
    app = create_app(parts.settings)
    server = make_server("127.0.0.1", parts.settings.api_port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Client(parts.settings.api_url)
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["dubline"].db.engine.dispose()


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / 'محاضرة "1".txt'
    path.write_text(TEXT)
    return path


def done(client: Client, parts: Parts, talk: Path) -> dict:
    file = client.upload(talk, "video")
    job = client.submit({"mediaId": file["id"], "targetLanguages": ["es"]})
    [run] = views.runs(parts.db, LOCAL_USER, UUID(job["id"]))
    factories.do_all(parts.db, run["id"], store=parts.store)
    return client.job(job["id"])


def test_from_a_file_to_its_dub(client, parts, talk, tmp_path):
    job = done(client, parts, talk)
    assert job["status"] == "succeeded"
    for artifact in job["artifacts"]:
        client.download(job["id"], artifact, tmp_path / "out")
    assert (tmp_path / "out" / "es" / "audio.txt").read_text() == "mix es"
    assert list((tmp_path / "out").rglob("*.part")) == []


def test_a_file_keeps_its_name(client, talk):
    assert client.upload(talk, "video")["filename"] == talk.name


def test_what_was_damaged_on_its_way_leaves_no_file(client, parts, talk, tmp_path):
    job = done(client, parts, talk)
    artifact = {**job["artifacts"][0], "sha256": "00" * 32}
    with pytest.raises(click.ClickException, match="damaged on its way"):
        client.download(job["id"], artifact, tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_refusal_is_told_in_the_words_of_the_api(client, tmp_path):
    (tmp_path / "noise.bin").write_bytes(b"\x00\x01" * 400)
    with pytest.raises(ApiError, match=r"noise\.bin cannot be read") as refused:
        client.upload(tmp_path / "noise.bin", "video")
    assert refused.value.status == 422


def test_what_cannot_be_downloaded_leaves_no_file(client, parts, talk, tmp_path):
    job = done(client, parts, talk)
    with pytest.raises(ApiError, match="no artifact 'es/none'"):
        client.download(job["id"], {"name": "es/none", "sha256": ""}, tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["../stolen", "es/../../stolen", "/tmp/stolen"])
def test_a_server_cannot_write_outside_of_the_folder(client, tmp_path, name):
    (tmp_path / "out").mkdir()
    with pytest.raises(click.ClickException, match="outside of"):
        client.download("1", {"name": name, "sha256": ""}, tmp_path / "out")
    assert list(tmp_path.rglob("stolen*")) == []
