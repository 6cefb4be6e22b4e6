"""Requests that mean harm or make no sense: each gets a clear answer, none a 500."""

import hashlib

import pytest

from backend.api.http.requests import MOST_JSON_BYTES
from tests import factories

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" * 200_000, 400),
        ('{"mediaId": ' + "9" * 5000 + "}", 400),
        ('{"filename": "\\ud800.wav"}', 400),
        ('{"filename": "\\u0000.wav"}', 400),
        ("{", 400),
        ("[]", 422),
        ('{"filename": "' + "a" * MOST_JSON_BYTES + '"}', 413),
    ],
)
def test_a_body_that_cannot_be_read(client, body, status):
    answer = client.post("/v1/files/presign", data=body, headers=JSON)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_another_content_type_is_said(client):
    answer = client.post("/v1/files/presign", data='{"filename": "a.wav"}')
    assert answer.status_code == 415
    assert "application/json" in answer.json["detail"]


@pytest.mark.parametrize("query", ["status=nope", "after=1", "before=nonsense", "limit=0"])
def test_a_query_that_is_not_known(client, query):
    assert client.get(f"/v1/jobs?{query}").status_code == 422


@pytest.mark.parametrize("flag", ["yes", 1.5, "true"])
def test_a_flag_is_true_or_false(client, parts, flag):
    request = {"mediaId": str(factories.upload(parts.db)), "targetLanguages": ["es"], "flac": flag}
    answer = client.post("/v1/jobs", json=request)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "flac")


def test_a_foreign_host_is_refused(client):
    assert client.get("/v1/jobs", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/v1/jobs", headers={"Host": "localhost:8642"}).status_code == 200


def announce_file(client, filename: str = "talk.txt") -> dict:
    return client.post("/v1/files/presign", json={"filename": filename}).json


def test_what_is_refused_takes_no_room_and_may_be_sent_again(client, parts):
    file = announce_file(client)
    client.put(file["url"], data=b"\x00\x01 no media")
    assert client.post("/v1/files/complete", json={"fileId": file["fileId"]}).status_code == 422
    assert list(parts.local_store.list_objects("incoming/")) == []
    assert client.put(file["url"], data=b"Hello.").status_code == 204
    assert client.post("/v1/files/complete", json={"fileId": file["fileId"]}).status_code == 200


def test_what_is_complete_stays_as_it_is(client, parts):
    file = announce_file(client)
    client.put(file["url"], data=b"Hello.")
    request = {"fileId": file["fileId"], "sha256": hashlib.sha256(b"Hello.").hexdigest()}
    assert client.post("/v1/files/complete", json=request).status_code == 200
    assert client.put(file["url"], data=b"Bye.").status_code == 409
    assert client.post("/v1/files/complete", json=request).status_code == 200
    other = {**request, "sha256": "0" * 64}
    assert client.post("/v1/files/complete", json=other).status_code == 422


def test_a_run_that_goes_on_hides_no_file_of_the_one_before(client, parts):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    before = client.get(f"/v1/jobs/{job_id}").json["artifacts"]
    assert client.post(f"/v1/jobs/{job_id}/retry", json={"resumeFrom": "mt"}).status_code == 202
    during = client.get(f"/v1/jobs/{job_id}").json
    assert (during["status"], during["artifacts"]) == ("running", before)
    client.delete(f"/v1/jobs/{job_id}")
    url = f"/v1/jobs/{job_id}/download?artifact={before[-1]['name']}"
    assert client.get(url).status_code == 302
