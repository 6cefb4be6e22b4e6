"""Large files in parts: begun, sent, gone on with after a break, completed, given up."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from backend.database.engine import from_now
from backend.database.models.uploads import Upload
from backend.retention import garbage
from backend.uploads import multipart
from backend.uploads.multipart import MIB, PartPlan, plan_parts
from tests import factories

PART = 5 * MIB
TEXT = b"Hello there, and goodbye again.\n" * ((2 * PART + 100) // 32)
SHA256 = hashlib.sha256(TEXT).hexdigest()


def begin(client, **more: object) -> dict:
    about = {"filename": "talk.txt", "size": len(TEXT), "partSize": PART, **more}
    answer = client.post("/v1/files/multipart", json=about)
    assert answer.status_code == 201, answer.json
    assert client.get(answer.headers["Location"]).json == answer.json
    return answer.json


def sign(client, upload: dict, *numbers: int):
    path = f"/v1/files/multipart/{upload['fileId']}/parts"
    return client.post(path, json={"numbers": numbers})


def send(client, upload: dict, *numbers: int, content: bytes = TEXT) -> None:
    for one in sign(client, upload, *numbers).json:
        begin = (one["number"] - 1) * PART
        answer = client.put(one["url"], data=content[begin : begin + one["size"]])
        assert answer.status_code == 204


def list_numbers(client, upload: dict) -> list[int]:
    found = client.get(f"/v1/files/multipart/{upload['fileId']}").json
    return [part["number"] for part in found["parts"]]


def complete(client, upload: dict, **more: object):
    return client.post("/v1/files/complete", json={"fileId": upload["fileId"], **more})


def list_sizes(parts) -> list[int]:
    folders = ("incoming/", "multipart/", "uploads/")
    return [one.size for name in folders for one in parts.local_store.list_objects(name)]


def test_a_file_that_comes_in_parts(client, parts):
    upload = begin(client, sha256=SHA256)
    assert (upload["partCount"], upload["parts"]) == (3, [])
    send(client, upload, 3, 1, 2)
    answer = complete(client, upload)
    assert (answer.status_code, answer.json["sha256"]) == (200, SHA256)
    assert complete(client, upload).json == answer.json
    assert client.get(f"/v1/files/multipart/{upload['fileId']}").status_code == 409
    assert sign(client, upload, 1).status_code == 409
    assert list_sizes(parts) == [len(TEXT)], "the parts take room no more"


def test_an_upload_goes_on_in_another_process(new_process):
    """What has come, and where it belongs, is known to no process alone."""
    client = factories.api_client(new_process())
    upload = begin(client)
    send(client, upload, 1)
    again = factories.api_client(new_process())
    assert list_numbers(again, upload) == [1]
    missing = complete(again, upload)
    assert (missing.status_code, missing.json["code"]) == (409, "parts-missing")
    assert missing.json["missingParts"] == [2, 3]
    send(again, upload, 2, 3)
    assert complete(again, upload).json["sha256"] == SHA256


def test_a_part_that_is_sent_again_replaces_the_first(client):
    upload = begin(client)
    send(client, upload, 1, 2, 3, content=b"x" * len(TEXT))
    send(client, upload, 1, 2, 3)
    assert complete(client, upload, sha256=SHA256).status_code == 200


def test_another_file_than_was_announced_is_refused(client, parts):
    upload = begin(client, sha256="0" * 64)
    send(client, upload, 1, 2, 3)
    answer = complete(client, upload)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "sha256")
    state = client.get(f"/v1/files/{upload['fileId']}")
    assert (state.status_code, state.json["status"]) == (202, "refused")
    assert state.json["problem"]["errors"] == answer.json["errors"]
    assert complete(client, upload).json["errors"] == answer.json["errors"]
    assert list_sizes(parts) == []


def test_an_upload_that_is_deleted_is_gone_with_its_parts(client, parts):
    upload = begin(client)
    send(client, upload, 1)
    assert client.delete(f"/v1/files/{upload['fileId']}").status_code == 204
    assert client.get(f"/v1/files/multipart/{upload['fileId']}").status_code == 404
    assert complete(client, upload).status_code == 404
    assert list_sizes(parts) == []


def test_an_abandoned_upload_is_ended(client, parts):
    old, new = begin(client), begin(client)
    for upload in (old, new):
        send(client, upload, 1)
    age = (multipart.ABANDONED_AFTER + timedelta(minutes=1)).total_seconds()
    with parts.db.write() as connection:
        aged = update(Upload).where(Upload.id == UUID(old["fileId"]))
        connection.execute(aged.values(created_at=from_now(-age)))
    for delete in (False, True):
        keep = garbage.compute_ages(3600, 30)
        found = garbage.collect_garbage(parts.db, parts.store, parts.scratch, keep, delete=delete)
        assert [one.size for one in found] == [len(TEXT)]
    assert client.get(f"/v1/files/multipart/{old['fileId']}").status_code == 404
    assert list_numbers(client, new) == [1]
    assert len(list_sizes(parts)) == 1


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"size": 0}, "size"),
        ({"partSize": PART - 1}, "partSize"),
        ({"partSize": (5 << 30) + 1}, "partSize"),
        ({"size": 10 << 60}, "size"),
        ({"filename": ""}, "filename"),
    ],
)
def test_an_announcement_that_makes_no_sense(client, about, field):
    answer = client.post("/v1/files/multipart", json={"filename": "a", "size": 1, **about})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_more_than_is_accepted_is_refused_before_it_is_sent(client):
    for path in ("/v1/files/multipart", "/v1/files/presign"):
        answer = client.post(path, json={"filename": "a", "size": 15 << 40})
        assert (answer.status_code, answer.json["code"]) == (422, "limit-exceeded")
        assert answer.json["limit"] == "MAX_UPLOAD_BYTES"


def test_parts_that_the_file_does_not_have(client):
    upload = begin(client)
    for numbers in ([4], [0], [], ["x"], [10_001]):
        assert sign(client, upload, *numbers).status_code == 422, numbers


def test_a_file_that_comes_whole_has_no_parts(client):
    file = client.post("/v1/files/presign", json={"filename": "talk.txt"}).json
    assert client.get(f"/v1/files/multipart/{file['fileId']}").status_code == 404


def test_how_files_are_cut():
    assert plan_parts(1, None) == PartPlan(1, 8 * MIB)
    assert plan_parts(1, None).count == 1
    assert plan_parts(16 * MIB, None).count == 2
    huge = plan_parts(200 << 30, None)
    assert huge.count <= 10_000
    assert huge.part_size % MIB == 0
    assert sum(huge.compute_size(number + 1) for number in range(huge.count)) == 200 << 30
