"""The API from outside: send a file, ask for a job, watch it, get what it made, run it again."""

import hashlib
from dataclasses import replace
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from backend.database.models.runs import Outbox, Run
from backend.jobs import submit
from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.runs import transitions
from backend.wiring import Parts
from tests import factories
from tests.media_samples import tone, write

TEXT = b"Hello there.\nHow are you?\n"
SHA256 = hashlib.sha256(TEXT).hexdigest()


def announce_file(client: FlaskClient, filename: str = "talk.txt", role: str = "video") -> dict:
    answer = client.post("/v1/files/presign", json={"filename": filename, "role": role})
    assert answer.status_code == 201
    return answer.json


def upload_file(client: FlaskClient, content: bytes = TEXT, **announcement: str) -> dict:
    """A file that was announced, sent and taken in."""
    found = announce_file(client, **announcement)
    assert client.put(found["url"], data=content).status_code == 204
    answer = client.post("/v1/files/complete", json={"fileId": found["fileId"]})
    assert answer.status_code == 200, answer.json
    return answer.json


def submit_job(client: FlaskClient, *languages: str) -> dict:
    request = {"mediaId": upload_file(client)["id"], "targetLanguages": languages or ("es",)}
    answer = client.post("/v1/jobs", json=request)
    assert answer.status_code == 202, answer.json
    return answer.json


def done(client: FlaskClient, parts: Parts, *languages: str) -> dict:
    """A job all of whose stages were done."""
    job = submit_job(client, *languages)
    [run] = client.get(f"/v1/jobs/{job['id']}/runs").json
    factories.do_all(parts.db, UUID(run["id"]), *languages, store=parts.store)
    return client.get(f"/v1/jobs/{job['id']}").json


def test_from_a_file_to_its_dub(client, parts):
    job = done(client, parts)
    assert (job["status"], job["progress"], job["targetLanguages"]) == ("succeeded", 1, ["es"])
    assert [stage["stage"] for stage in job["languages"][0]["stages"]] == ["mt", "tts", "mix"]
    for artifact in job["artifacts"]:
        link = download(client, job, artifact["name"])
        assert link.status_code == 302
        content = client.get(link.headers["Location"], buffered=True).data
        assert hashlib.sha256(content).hexdigest() == artifact["sha256"]
        assert len(content) == artifact["size"]


def download(client: FlaskClient, job: dict, name: str) -> TestResponse:
    return client.get(f"/v1/jobs/{job['id']}/download", query_string={"artifact": name})


def test_a_file_is_probed_when_it_is_complete(client, tmp_path):
    wav = write(tmp_path / "talk.wav", tone(1.5)).read_bytes()
    file = upload_file(client, wav, filename="talk.wav", role="voice")
    assert file["duration"] == pytest.approx(1.5)
    assert (file["mime"], file["size"]) == ("audio/wav", len(wav))
    assert file["probe"]["audio"]["sampleRate"] == 48_000


def test_completing_twice_answers_the_same(client):
    file = upload_file(client)
    assert client.post("/v1/files/complete", json={"fileId": file["id"]}).json == file


@pytest.mark.parametrize("filename", ['محاضرة "أ" 1/2.mp4', "夜/昼.mp4", "a\\b; c=d.mp4"])
def test_a_file_keeps_its_name(client, filename):
    assert upload_file(client, filename=filename)["filename"] == filename


def test_what_was_taken_in_cannot_be_changed_by_its_upload_url(client, parts):
    found = announce_file(client)
    client.put(found["url"], data=TEXT)
    file = client.post("/v1/files/complete", json={"fileId": found["fileId"]}).json
    client.put(found["url"], data=b"something else")
    again = client.post("/v1/files/complete", json={"fileId": found["fileId"]}).json
    assert again["sha256"] == file["sha256"] == SHA256
    [kept] = parts.store.list_objects(f"uploads/{file['id']}/")
    assert parts.store.has_object(kept.key, size=len(TEXT), sha256=SHA256)


def test_an_accepted_job_is_promised_and_says_where_it_is(client, parts):
    answer = client.post(
        "/v1/jobs", json={"mediaId": upload_file(client)["id"], "targetLanguages": ["es", "pt"]}
    )
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['id']}"
    assert (answer.json["status"], answer.json["run"]) == ("running", 1)
    assert {one["language"]: one["status"] for one in answer.json["languages"]} == {
        "es": "queued",
        "pt": "queued",
    }
    with parts.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(Outbox)).scalar_one() == 1
    [message] = (parts.settings.dubline_home / "broker" / "queue").iterdir()
    assert "run_asr" in message.read_text()


def test_a_transcription(client):
    request = {"kind": "transcribe", "mediaId": upload_file(client)["id"]}
    job = client.post("/v1/jobs", json=request).json
    assert (job["kind"], job["languages"]) == ("transcribe", [])


@pytest.mark.parametrize(
    ("headers", "status", "content"),
    [
        ({}, 200, b"mix es"),
        ({"Range": "bytes=0-2"}, 206, b"mix"),
        ({"Range": "bytes=4-"}, 206, b"es"),
        ({"Range": "bytes=-2"}, 206, b"es"),
        ({"Range": "bytes=99-"}, 416, None),
    ],
)
def test_a_part_of_a_file(client, parts, headers, status, content):
    link = download(client, done(client, parts), "es/audio.txt").headers["Location"]
    answer = client.get(link, headers=headers, buffered=True)
    assert answer.status_code == status
    if content is None:
        assert answer.json["status"] == status
    else:
        assert answer.data == content


def test_a_cancelled_job_is_resumed(client, parts):
    job = submit_job(client)
    cancelled = client.delete(f"/v1/jobs/{job['id']}")
    assert (cancelled.status_code, cancelled.json["status"]) == (202, "cancelled")
    assert cancelled.json["languages"][0]["status"] == "cancelled"
    resumed = client.post(f"/v1/jobs/{job['id']}/retry", json={})
    assert (resumed.status_code, resumed.json["run"]) == (202, 2)
    assert resumed.json["status"] == "running"


def test_cancelling_what_has_ended_changes_nothing(client, parts):
    job = done(client, parts)
    answer = client.delete(f"/v1/jobs/{job['id']}")
    assert (answer.status_code, answer.json) == (200, job)


def test_a_dry_run_tells_the_plan_and_does_nothing(client, parts):
    job = done(client, parts)
    request = {"resumeFrom": "tts", "dryRun": True}
    answer = client.post(f"/v1/jobs/{job['id']}/retry", json=request)
    assert answer.status_code == 200
    assert [(one["stage"], one["language"], one["action"]) for one in answer.json["plan"]] == [
        ("asr", None, "reuse"),
        ("mt", "es", "reuse"),
        ("tts", "es", "execute"),
        ("mix", "es", "execute"),
    ]
    assert client.get(f"/v1/jobs/{job['id']}").json == job


def test_a_dry_run_tells_what_it_would_cost(client, parts):
    job_id, run_id = factories.create_dub(parts.db)
    prices = {Stage.ASR: 1.0, Stage.MT: 0.25, Stage.TTS: 0.5, Stage.MIX: 0.0}
    for stage, usd in prices.items():
        claim = factories.claim_stage(parts.db, run_id, stage, "" if stage is Stage.ASR else "es")
        success = replace(factories.build_success(claim, parts.store), cost_usd=usd)
        transitions.succeed(parts.db, claim, success)
    for more, expected in (
        ({"resumeFrom": "mt"}, 0.75),
        ({"languages": ["es", "fr"]}, 0.75),
        ({"resumeFrom": "tts", "overrides": {"providers": {"tts": "local"}}}, 0.0),
    ):
        request = {"dryRun": True, **more}
        answer = client.post(f"/v1/jobs/{job_id}/retry", json=request).json
        assert answer["estimatedCostUsd"] == expected
    assert [one["estimatedCostUsd"] for one in answer["plan"]] == [0.0, 0.0, 0.0, 0.0]


def test_who_does_it_is_named_in_the_request(client, parts):
    """Red without `providers` in the run's parameters."""
    media = upload_file(client)
    request = {"mediaId": media["id"], "targetLanguages": ["es"], "providers": {"tts": "local"}}
    job = client.post("/v1/jobs", json=request).json
    with parts.db.read() as connection:
        [params] = connection.execute(select(Run.params).where(Run.job_id == UUID(job["id"]))).one()
    assert params["providers"] == {
        "transcription": ["stub", "pocketsphinx"],
        "translation": ["stub", "apertium"],
        "tts": ["espeak"],
    }


def test_a_provider_that_is_not_enabled_is_refused_at_once(client, parts):
    media = upload_file(client)
    named = {"providers": {"tts": "deepgram"}}
    request = {"mediaId": media["id"], "targetLanguages": ["es"], **named}
    job_id = done(client, parts)["id"]
    for path, body in (
        ("/v1/jobs", request),
        (f"/v1/jobs/{job_id}/retry", {"resumeFrom": "tts", "overrides": named}),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == 422
        assert "'deepgram' is not enabled here; there is: espeak, stub" in answer.text
    for odd in ("tts", {"tts": []}, {"tts": {}}, {"tts": 1}):
        body = {"resumeFrom": "tts", "overrides": {"providers": odd}}
        assert client.post(f"/v1/jobs/{job_id}/retry", json=body).status_code == 422


def test_a_new_language_is_added(client, parts):
    job = done(client, parts)
    request = {"languages": ["fr"]}
    job = client.post(f"/v1/jobs/{job['id']}/retry", json=request).json
    [_, run] = client.get(f"/v1/jobs/{job['id']}/runs").json
    assert (run["executed"], run["reused"]) == (["mt:fr", "tts:fr", "mix:fr", "join"], ["asr"])
    for stage in PER_LANGUAGE:
        factories.do_stage(parts.db, UUID(run["id"]), stage, "fr", parts.store)
    factories.do_stage(parts.db, UUID(run["id"]), Stage.JOIN, store=parts.store)
    job = client.get(f"/v1/jobs/{job['id']}").json
    assert [one["status"] for one in job["languages"]] == ["complete", "complete"]
    assert {a["name"] for a in job["artifacts"]} >= {"es/audio.txt", "fr/audio.txt"}


def test_the_history_has_no_gaps(client, parts):
    history = client.get(f"/v1/jobs/{done(client, parts)['id']}/events").json
    assert [event["seq"] for event in history] == list(range(1, len(history) + 1))
    assert [event["type"] for event in history] == [
        *("job.created", "run.created"),
        *["stage.started", "stage.succeeded"] * 4,
        "run.succeeded",
    ]


def test_the_jobs_page_by_page(client, parts):
    made = [str(factories.create_dub(parts.db)[0]) for _ in range(5)]
    seen, query = [], {"limit": 2}
    while query:
        page = client.get("/v1/jobs", query_string=query).json
        seen += [job["id"] for job in page["jobs"]]
        query = page["next"] and {"limit": 2, "before": page["next"]}
    assert seen == made[::-1]


def test_somebody_elses_job_does_not_exist(client, parts):
    somebody = factories.user(parts.db)
    media_id = factories.upload(parts.db, user_id=somebody)
    job_id, _ = submit.create_job(parts.db, somebody, factories.dub_params(), media_id=media_id)
    url = f"/v1/jobs/{job_id}"
    answers = [
        client.get(url),
        client.delete(url),
        client.post(f"{url}/retry", json={}),
        client.get(f"{url}/runs"),
        client.get(f"{url}/events"),
        client.get(f"{url}/download", query_string={"artifact": "es/dub.mp4"}),
        client.post("/v1/files/complete", json={"fileId": str(media_id)}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert client.get("/v1/jobs").json["jobs"] == []


def test_health(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}


def test_the_document_tells_every_route(client):
    paths = client.get("/v1/openapi.json").json["paths"]
    assert set(paths) >= {
        *("/v1/files/presign", "/v1/files/complete", "/v1/jobs", "/v1/jobs/{job_id}"),
        *("/v1/jobs/{job_id}/retry", "/v1/jobs/{job_id}/download", "/healthz", "/readyz"),
    }


def test_a_glossary_is_pinned_in_the_run_and_may_be_changed(client, parts):
    entry = {"term": "Battery", "language": "es_mx", "translation": "pila", "sourceLanguage": "en"}
    request = {"mediaId": upload_file(client)["id"], "targetLanguages": ["es"]}
    answer = client.post("/v1/jobs", json={**request, "glossary": [entry]})
    assert answer.status_code == 202, answer.json
    [run] = client.get(f"/v1/jobs/{answer.json['id']}/runs").json
    factories.do_all(parts.db, UUID(run["id"]), "es", store=parts.store)
    assert read_glossaries(parts) == [[("Battery", "es-MX", "pila", "en")]]
    overrides = {"glossary": [{"term": "Dubline"}]}
    again = client.post(f"/v1/jobs/{answer.json['id']}/retry", json={"overrides": overrides})
    assert again.status_code == 202, again.json
    assert read_glossaries(parts)[1] == [("Dubline", None, None, None)]


def read_glossaries(parts: Parts) -> list[list[tuple]]:
    with parts.db.read() as connection:
        found = connection.execute(select(Run.params).order_by(Run.number)).scalars().all()
    names = ("term", "language", "translation", "source_language")
    return [[tuple(one[name] for name in names) for one in params["glossary"]] for params in found]


def test_costs_are_told(client, parts):
    job = done(client, parts)
    answer = client.get(f"/v1/jobs/{job['id']}/costs")
    assert answer.status_code == 200
    assert answer.json["byStage"] == {"asr": 0.0, "mt": 0.0, "tts": 0.0, "mix": 0.0}
    assert answer.json["stages"][0]["stage"] == "asr"
    assert client.get(f"/v1/jobs/{UUID(int=0)}/costs").status_code == 404
