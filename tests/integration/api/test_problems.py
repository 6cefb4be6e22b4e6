"""Whatever goes wrong, the API says in problem+json what it is, where, and what to do."""

import socket
import time
from collections.abc import Iterator
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.api.schemas.base import ProblemSchema
from backend.database import schema
from backend.errors import Stopping
from backend.pipeline.retry import GiveUp
from backend.pipeline.stages import Stage
from backend.runs import transitions
from backend.wiring import Parts
from tests import factories
from tests.servers import free_port

SECRET = "hunter2"
TEXT = b"Hello there.\n"


def check_problem(answer: TestResponse, status: int, slug: str, field: str | None = None) -> None:
    assert answer.status_code == status, answer.json
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"] == f"urn:dubline:problem:{slug}"
    assert answer.json["code"] == slug
    assert answer.json["requestId"] == answer.headers["X-Request-Id"]
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"]
    if field:
        assert field in [error["field"] for error in answer.json["errors"]]
    assert "['" not in answer.text, "a Python list"
    assert ProblemSchema().validate(answer.json) == {}


@pytest.fixture
def media_id(parts: Parts) -> str:
    return str(factories.upload(parts.db))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mediaId": None}, "mediaId"),
        ({"mediaId": "talk.mp4"}, "mediaId"),
        ({"mediaId": str(uuid4())}, "mediaId"),
        ({"backgroundId": str(uuid4())}, "backgroundId"),
        ({"bed": "background"}, "backgroundId"),
        ({"bed": "loud"}, "bed"),
        ({"loudness": "loud"}, "loudness"),
        ({"ducking": {"attackMs": 5}}, "ducking.attackMs"),
        ({"ducking": {"depth": 5}}, "ducking.depth"),
        ({"kind": "sing"}, "kind"),
        ({"mode": "choir"}, "mode"),
        ({"flac": "perhaps"}, "flac"),
        ({"voices": ["f2"]}, "voices"),
        ({"voices": {"A": ""}}, "voices.A"),
        ({"glossary": [{"translation": "x"}]}, "glossary.0.term"),
        ({"glossary": [{"term": " \u0001"}]}, "glossary.0.term"),
        ({"glossary": [{"term": "x" * 101}]}, "glossary.0.term"),
        ({"glossary": [{"term": "x", "language": "klingonish"}]}, "glossary"),
        ({"glossary": [{"term": "x"}, {"term": "X"}]}, "glossary"),
        ({"glossary": [{"term": f"x{i}"} for i in range(1001)]}, "glossary"),
        ({"timing": {"policy": "stretch"}}, "timing.policy"),
        ({"timing": {"maxShift": -1}}, "timing.maxShift"),
        ({"timing": {"max_shift": 1}}, "timing.max_shift"),
        ({"sourceLanguage": "klingonish"}, "sourceLanguage"),
        ({"targetLanguages": ["klingonish"]}, "targetLanguages"),
        ({"sourceLanguage": "en", "targetLanguages": ["en"]}, "targetLanguages"),
        ({"targetLanguages": []}, "targetLanguages"),
        ({"targetLanguages": "es"}, "targetLanguages"),
        ({"targetLanguages": [7]}, "targetLanguages.0"),
        ({"targetLanguage": "es"}, "targetLanguage"),
    ],
)
def test_a_job_that_makes_no_sense(client, media_id, change, field):
    request = {"mediaId": media_id, "targetLanguages": ["es"], **change}
    check_problem(client.post("/v1/jobs", json=request), 422, "invalid-request", field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"resumeFrom": "dub"}, "resumeFrom"),
        ({"fromRunId": "1"}, "fromRunId"),
        ({"fromRunId": str(uuid4())}, "fromRunId"),
        ({"overrides": {"kind": "transcribe"}}, "overrides.kind"),
        ({"overrides": {"bed": "loud"}}, "overrides.bed"),
        ({"overrides": {"voices": "f2"}}, "overrides.voices"),
        ({"overrides": {"timing": {"maxShift": 11}}}, "overrides.timing.maxShift"),
        ({"overrides": {"timing": "fit"}}, "overrides.timing"),
        ({"overrides": {"glossary": [{"term": ""}]}}, "overrides.glossary.0.term"),
        ({"overrides": {"glossary": [{"term": "x"}, {"term": "X"}]}}, "glossary"),
        ({"languages": ["klingonish"]}, "targetLanguages"),
        ({"dryrun": True}, "dryrun"),
    ],
)
def test_a_resume_that_makes_no_sense(client, parts, change, field):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    answer = client.post(f"/v1/jobs/{job_id}/retry", json=change)
    check_problem(answer, 422, "invalid-request", field)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "bad-request"),
        ("", 400, "bad-request"),
        ('"es"', 422, "invalid-request"),
        ("[]", 422, "invalid-request"),
        ("null", 422, "invalid-request"),
    ],
)
def test_what_is_no_json_object(client, body, status, code):
    answer = client.post("/v1/jobs", data=body, content_type="application/json")
    check_problem(answer, status, code, "" if status == 422 else None)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_nothing_is_started_without_a_json_body(client, parts, content_type):
    """Any page on the web may send such a request to this machine; red without the check."""
    job_id, run_id = factories.create_dub(parts.db)
    dying = factories.claim_stage(parts.db, run_id, Stage.ASR)
    transitions.fail(parts.db, dying, {"kind": "transient", "message": ""}, GiveUp(dead=True))
    [letter] = client.get("/v1/dead-letters").json
    for path in (f"/v1/jobs/{job_id}/retry", f"/v1/dead-letters/{letter['id']}/retry"):
        answer = client.post(path, content_type=content_type)
        check_problem(answer, 415, "unsupported-media-type")
        check_problem(
            client.post(path, data="", content_type="application/json"), 400, "bad-request"
        )
    assert len(client.get(f"/v1/jobs/{job_id}/runs").json) == 1


def test_null_is_as_if_not_given(client, media_id):
    """Red without leaving nulls out: clients that send all their fields were refused."""
    request = {"mediaId": media_id, "targetLanguages": ["es"], "bed": None, "timing": None}
    assert client.post("/v1/jobs", json=request).status_code == 202
    answer = client.post("/v1/jobs/translate", json={**request, "jobId": None, "dryRun": None})
    assert answer.status_code == 202
    again = {"jobId": answer.json["id"], "mediaId": None, "backgroundId": None, "voices": None}
    check_problem(client.post("/v1/jobs/translate", json=again), 409, "job-running")


def test_a_request_keeps_its_clients_id(client):
    answer = client.get("/healthz", headers={"X-Request-Id": "01-abc.DEF_2"})
    assert answer.headers["X-Request-Id"] == "01-abc.DEF_2"
    for odd in ("", "a b", "x" * 129, "é"):
        answer = client.get("/healthz", headers={"X-Request-Id": odd})
        assert UUID(answer.headers["X-Request-Id"])


def test_a_request_that_was_not_looked_at_has_an_id_too(client):
    answer = client.get("/v1/jobs", headers={"Host": "evil.example"})
    check_problem(answer, 400, "bad-request")


@pytest.mark.parametrize("type_", ["text/plain", "application/json", None])
def test_an_empty_body_starts_no_run(client, parts, type_):
    """Red where an empty body counts as an empty object, or needs no type."""
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    answer = client.post(f"/v1/jobs/{job_id}/retry", content_type=type_)
    assert answer.status_code == (400 if type_ == "application/json" else 415)
    assert client.get(f"/v1/jobs/{job_id}").json["run"] == 1


def test_null_means_not_given(client, parts, media_id):
    """Red without `RequestSchema`: a client may send all properties that it knows."""
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    again = {"jobId": str(job_id), "mediaId": None, "backgroundId": None, "resumeFrom": "mix"}
    assert client.post("/v1/jobs/translate", json=again).status_code == 202
    request = {"mediaId": media_id, "targetLanguages": ["es"], "mode": None, "timing": None}
    assert client.post("/v1/jobs", json=request).status_code == 202


def test_a_resume_while_a_run_goes_on(client, parts):
    job_id, run_id = factories.create_dub(parts.db)
    answer = client.post(f"/v1/jobs/{job_id}/retry", json={})
    check_problem(answer, 409, "job-running")
    assert answer.json["runId"] == str(run_id)


def test_a_resume_from_where_nothing_is(client, parts):
    job_id, _ = factories.create_dub(parts.db)
    client.delete(f"/v1/jobs/{job_id}")
    answer = client.post(f"/v1/jobs/{job_id}/retry", json={"resumeFrom": "mix"})
    check_problem(answer, 409, "upstream-artifact-missing")
    assert answer.json["earliestValidStage"] == "asr"
    assert answer.json["missing"] == ["asr"]


@pytest.mark.parametrize(
    ("method", "url", "status", "slug"),
    [
        ("GET", f"/v1/jobs/{UUID(int=1)}", 404, "not-found"),
        ("GET", "/v1/jobs/seven", 404, "not-found"),
        ("GET", "/v2/jobs", 404, "not-found"),
        ("PATCH", "/v1/jobs", 405, "method-not-allowed"),
        ("GET", "/v1/blobs/forged/dub.mp4", 404, "not-found"),
        ("PUT", "/v1/blobs/forged/talk.mp4", 404, "not-found"),
    ],
)
def test_what_is_not_there(client, method, url, status, slug):
    check_problem(client.open(url, method=method), status, slug)


def test_an_artifact_that_is_not_there_names_those_that_are(client, parts):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_stage(parts.db, run_id, Stage.ASR)
    url = f"/v1/jobs/{job_id}/download"
    answer = client.get(url, query_string={"artifact": "es/dub.mp4"})
    check_problem(answer, 404, "not-found")
    assert "segments_src.txt" in answer.json["detail"]
    check_problem(client.get(url), 422, "invalid-request", "artifact")


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "many"}, {"before": "yesterday"}])
def test_a_page_that_makes_no_sense(client, query):
    [field] = query
    check_problem(client.get("/v1/jobs", query_string=query), 422, "invalid-request", field)


def announce_file(client: FlaskClient) -> dict:
    return client.post("/v1/files/presign", json={"filename": "talk.txt"}).json


@pytest.mark.parametrize(
    ("request_", "field"),
    [({"filename": ""}, "filename"), ({"filename": "a", "role": "x"}, "role")],
)
def test_an_announcement_that_makes_no_sense(client, request_, field):
    answer = client.post("/v1/files/presign", json=request_)
    check_problem(answer, 422, "invalid-request", field)


def test_completing_what_was_never_sent(client):
    answer = client.post("/v1/files/complete", json={"fileId": announce_file(client)["fileId"]})
    check_problem(answer, 409, "upload-missing")
    answer = client.post("/v1/files/complete", json={"fileId": str(uuid4())})
    check_problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("claim", "field"), [({"sha256": "00" * 32}, "sha256"), ({"size": 3}, "size")]
)
def test_what_arrived_is_not_what_was_sent(client, claim, field):
    file = announce_file(client)
    client.put(file["url"], data=TEXT)
    answer = client.post("/v1/files/complete", json={"fileId": file["fileId"], **claim})
    check_problem(answer, 422, "invalid-request", field)


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02" * 500, b"#EXTM3U\nfile:///etc/passwd\n\0"]
)
def test_a_file_of_no_use(client, content):
    file = announce_file(client)
    client.put(file["url"], data=content)
    answer = client.post("/v1/files/complete", json={"fileId": file["fileId"]})
    check_problem(answer, 422, "unusable-file")
    assert "talk.txt" in answer.json["detail"]


def test_sending_twice(client):
    url = announce_file(client)["url"]
    assert client.put(url, data=TEXT).status_code == 204
    check_problem(client.put(url, data=TEXT), 409, "already-uploaded")


def test_half_a_file_does_not_count(client):
    """The connection ends before all that was announced has come."""
    url = announce_file(client)["url"]
    announcement = {"CONTENT_LENGTH": str(len(TEXT) * 2)}
    answer = client.put(url, input_stream=BytesIO(TEXT), environ_overrides=announcement)
    check_problem(answer, 400, "bad-request")
    assert client.put(url, data=TEXT).status_code == 204


def test_too_much(new_parts):
    parts = new_parts(max_upload_bytes=200)
    schema.migrate(parts.db)
    client = factories.api_client(parts)
    answer = client.put(announce_file(client)["url"], data=TEXT * 20)
    check_problem(answer, 413, "request-entity-too-large")


def test_a_link_that_is_too_old_or_forged(client, parts, monkeypatch):
    url = announce_file(client)["url"]
    check_problem(client.put(url.replace("/blobs/", "/blobs/x"), data=TEXT), 404, "not-found")
    later = time.time() + parts.settings.url_ttl_s + 1
    monkeypatch.setattr(time, "time", lambda: later)
    check_problem(client.put(url, data=TEXT), 404, "not-found")


@pytest.mark.parametrize("kind", [RuntimeError, Stopping])
def test_an_error_nobody_expected_shows_no_details(client, monkeypatch, kind):
    """`Stopping` stands for errors of the domain that the table of answers does not have."""

    def broken(*_: object, **__: object) -> None:
        raise kind(SECRET)

    monkeypatch.setattr("backend.jobs.listing.read_job_page", broken)
    answer = client.get("/v1/jobs")
    check_problem(answer, 500, "internal")
    assert SECRET not in answer.text


def test_a_database_that_was_not_migrated(new_parts):
    answer = factories.api_client(new_parts()).get("/readyz")
    check_problem(answer, 503, "unavailable")
    assert "dubline migrate" in answer.json["detail"]


def test_a_database_out_of_reach(new_parts):
    url = f"postgresql+psycopg://dubline:{SECRET}@127.0.0.1:{free_port()}/dubline"
    client = factories.api_client(new_parts(database_url=url))
    for ask in ("/readyz", "/v1/jobs", f"/v1/jobs/{uuid4()}"):
        answer = client.get(ask)
        check_problem(answer, 503, "unavailable")
        assert SECRET not in answer.text
    assert client.get("/healthz").status_code == 200


@pytest.fixture(params=["refuses", "never answers"])
def broken_redis(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a Redis that is down, or hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "never answers":
            listener.listen()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_without_redis_jobs_are_accepted_all_the_same(new_parts, postgres_url, broken_redis):
    parts = new_parts(database_url=postgres_url, broker_url=broken_redis)
    media_id = str(factories.upload(parts.db))
    client = factories.api_client(parts)
    client.get("/readyz")
    started = time.monotonic()
    answer = client.post("/v1/jobs", json={"mediaId": media_id, "targetLanguages": ["es"]})
    assert answer.status_code == 202
    assert time.monotonic() - started < 5, "it waits for Redis"
