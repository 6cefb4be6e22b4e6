"""A POST that is sent again under its `Idempotency-Key` does nothing twice."""

import threading

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from backend.database.engine import from_now
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.idempotency import IdempotencyKey
from backend.database.models.jobs import Job
from backend.errors import Conflict, Invalid
from backend.jobs import idempotency, submit, views
from backend.jobs.idempotency import ABANDONED_S, KEPT_S, ClaimedKey, KeptAnswer
from backend.wiring import Parts
from tests import factories


def ask(client: FlaskClient, media_id: object, key: str = "k1", **more: object) -> TestResponse:
    body = {"mediaId": str(media_id), "targetLanguages": ["es"], **more}
    return client.post("/v1/jobs", json=body, headers={"Idempotency-Key": key})


def count_jobs(parts: Parts) -> int:
    with parts.db.read() as connection:
        return connection.execute(select(func.count()).select_from(Job)).scalar_one()


def test_the_same_request_again_makes_one_job(client, parts):
    media_id = factories.upload(parts.db)
    first, again = ask(client, media_id), ask(client, media_id)
    assert (first.status_code, again.status_code) == (202, 202)
    assert (again.json, again.headers["Location"]) == (first.json, first.headers["Location"])
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count_jobs(parts) == 1
    assert ask(client, media_id, "k2").json["id"] != first.json["id"]


def test_another_request_under_the_same_key_is_refused(client, parts):
    media_id = factories.upload(parts.db)
    ask(client, media_id)
    other = ask(client, media_id, flac=True)
    assert other.status_code == 422
    assert other.json["errors"][0]["field"] == "Idempotency-Key"
    presign = client.post(
        "/v1/files/presign", json={"filename": "a.wav"}, headers={"Idempotency-Key": "k1"}
    )
    assert presign.status_code == 422


def test_what_was_refused_may_be_asked_for_again(client, parts):
    media_id = factories.upload(parts.db, completed_at=None)
    assert ask(client, media_id).status_code == 422
    with parts.db.write() as connection:
        connection.exec_driver_sql("UPDATE uploads SET completed_at = '2026-01-01 00:00:00.000000'")
    assert ask(client, media_id).status_code == 202


def test_a_request_in_flight_is_not_done_a_second_time(client, parts, monkeypatch):
    media_id = factories.upload(parts.db)
    begun, go_on, answers = threading.Event(), threading.Event(), []
    real = submit.create_job

    def wait_and_create(*args, **kwargs):
        begun.set()
        assert go_on.wait(60)
        return real(*args, **kwargs)

    monkeypatch.setattr(submit, "create_job", wait_and_create)
    first = threading.Thread(target=lambda: answers.append(ask(client, media_id)))
    first.start()
    assert begun.wait(60)
    second = ask(factories.api_client(parts), media_id)
    go_on.set()
    first.join(60)
    assert (second.status_code, second.json["type"]) == (
        409,
        "urn:dubline:problem:request-in-flight",
    )
    assert (answers[0].status_code, count_jobs(parts)) == (202, 1)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/jobs/{job}/retry", {"resumeFrom": "mix"}, 202),
        ("/v1/jobs/translate", {"jobId": "{job}", "resumeFrom": "mix"}, 202),
        ("/v1/files/presign", {"filename": "talk.wav"}, 201),
    ],
)
def test_every_route_that_makes_something(client, parts, path, body, status):
    """Red for a route that is not decorated: the second run would be refused, or other."""
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    path = path.format(job=job_id)
    body = {name: value.format(job=job_id) for name, value in body.items()}
    first, again = (
        client.post(path, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (status, status), again.json
    assert again.json == first.json


def test_a_process_that_dies_before_it_answers_has_made_one_job(client, parts, monkeypatch):
    """Red without the job's id in the commit that makes it."""
    media_id = factories.upload(parts.db)

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(views, "read_job_view", die)
        # A process that is killed lets go of nothing.
        patched.setattr(ClaimedKey, "release", lambda *_: None)
        with pytest.raises(Killed):
            ask(client, media_id)
    again = ask(client, media_id)
    assert (again.status_code, count_jobs(parts)) == (202, 1)
    assert again.headers["Location"] == f"/v1/jobs/{again.json['id']}"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none(client, parts, key):
    assert ask(client, factories.upload(parts.db), key).status_code == 422


def test_keys_are_kept_for_a_day_and_not_for_ever(database):
    def claim(fingerprint: str = "f") -> object:
        return idempotency.claim_key(database, LOCAL_USER, "k", fingerprint)

    def age(seconds: float) -> None:
        with database.write() as connection:
            connection.execute(update(IdempotencyKey).values(created_at=from_now(-seconds)))

    first = claim()
    assert isinstance(first, ClaimedKey)
    with pytest.raises(Conflict):
        claim()
    first.keep_answer(database, KeptAnswer(202, {"id": 1}, "/x"))
    age(24 * 3600)
    assert claim() == KeptAnswer(202, {"id": 1}, "/x")
    with pytest.raises(Invalid):
        claim("another")
    age(KEPT_S + 1)
    assert isinstance(claim("another"), ClaimedKey)
    age(ABANDONED_S + 1)  # whoever claimed it died before it had made anything
    assert isinstance(claim("a third"), ClaimedKey)
