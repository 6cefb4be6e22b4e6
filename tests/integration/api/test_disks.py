"""A server whose disk takes no more: what is told, and that it goes on once there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.database import schema
from backend.wiring import Parts
from tests import factories
from tests.disks import fill_disk, make_read_only, mount_disk

ROOM = 8 << 20
FULL = "there is no space left: free some."


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with mount_disk(tmp_path / "home", ROOM) as folder:
        yield folder


@pytest.fixture
def parts(home: Path) -> Iterator[Parts]:
    found = Parts(factories.stub_settings(home))
    schema.migrate(found.db)
    yield found
    found.db.engine.dispose()


def announce_file(client) -> dict:
    return client.post("/v1/files/presign", json={"filename": "talk.txt"}).json


def test_an_upload_that_finds_no_room(client, home):
    file = announce_file(client)
    ballast = fill_disk(home)
    answer = client.put(file["url"], data=b"x" * (1 << 20))
    assert (answer.status_code, answer.content_type) == (507, "application/problem+json")
    assert answer.json["type"] == "urn:dubline:problem:storage-full"
    assert answer.json["detail"].startswith(f"Nothing can be written to {home}")
    assert answer.json["detail"].endswith(FULL)
    assert [path for path in (home / "files").rglob("*") if path.is_file()] == []
    ballast.unlink()
    assert client.put(file["url"], data=b"Hello.").status_code == 204
    assert client.post("/v1/files/complete", json={"fileId": file["fileId"]}).status_code == 200


def test_a_database_that_finds_no_room(client, home):
    ballast = fill_disk(home)
    answers = [client.post("/v1/files/presign", json={"filename": "a"}) for _ in range(100)]
    full = [answer for answer in answers if answer.status_code == 507]
    assert full
    assert {answer.status_code for answer in answers} <= {201, 507}
    assert full[0].json["detail"] == f"Nothing can be written to {home}: {FULL}"
    ballast.unlink()
    assert client.post("/v1/files/presign", json={"filename": "a"}).status_code == 201


def test_a_disk_that_may_not_be_written_to(client, parts, home):
    file = announce_file(client)
    parts.db.engine.dispose()
    make_read_only(home)
    for answer in (
        client.post("/v1/files/presign", json={"filename": "a"}),
        client.put(file["url"], data=b"Hello."),
    ):
        assert answer.status_code == 507
        assert answer.json["type"] == "urn:dubline:problem:storage-unwritable"
        assert f"Nothing can be written to {home}" in answer.json["detail"]
        assert "make it writable" in answer.json["detail"]


def test_messages_that_find_no_room_are_sent_later(client, parts, home, tmp_path):
    media = str(factories.text_upload(parts, "Hello there.\n"))
    with mount_disk(home / "broker", 1 << 12) as broker:
        fill_disk(broker)
        answer = client.post("/v1/jobs", json={"mediaId": media, "targetLanguages": ["es"]})
        assert answer.status_code == 202
        assert list(broker.rglob("*.msg")) == []
