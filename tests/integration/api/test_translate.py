"""The front door: new dubs and further runs of them, by one address."""

from uuid import UUID

import pytest
from sqlalchemy import select

from backend.database.models.runs import Run
from backend.pipeline.params import JobParams, Timing, TimingPolicy
from tests import factories

URL = "/v1/jobs/translate"


@pytest.fixture
def done(parts):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    return str(job_id)


def test_a_new_dub(client, parts):
    media_id = factories.upload(parts.db)
    answer = client.post(URL, json={"mediaId": str(media_id), "targetLanguages": ["es", "pt"]})
    assert answer.status_code == 202
    assert answer.json["kind"] == "dub"
    assert answer.json["targetLanguages"] == ["es", "pt"]
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['id']}"


def test_another_run_from_a_stage(client, done):
    answer = client.post(URL, json={"jobId": done, "resumeFrom": "tts"})
    assert (answer.status_code, answer.json["id"], answer.json["run"]) == (202, done, 2)
    origins = {one["stage"]: one["origin"] for one in answer.json["languages"][0]["stages"]}
    assert origins == {"mt": "reused", "tts": "executed", "mix": "executed"}


def test_a_dry_run_changes_nothing(client, done):
    answer = client.post(URL, json={"jobId": done, "resumeFrom": "mix", "dryRun": True})
    assert answer.status_code == 200
    actions = {one["stage"]: one["action"] for one in answer.json["plan"]}
    assert actions == {"asr": "reuse", "mt": "reuse", "tts": "reuse", "mix": "execute"}
    assert len(client.get(f"/v1/jobs/{done}/runs").json) == 1


def test_timing_is_asked_for_and_changed_by_parts(client, parts, done):
    media_id = str(factories.upload(parts.db))
    timing = {"maxShift": 0.4}
    new = client.post(
        URL, json={"mediaId": media_id, "targetLanguages": ["es"], "timing": timing}
    ).json["id"]
    assert read_pinned(parts, new) == [Timing(max_shift=0.4)]
    again = client.post(URL, json={"jobId": done, "overrides": {"timing": timing}})
    assert again.status_code == 202
    client.delete(f"/v1/jobs/{done}")
    timing = {"policy": "report"}
    client.post(URL, json={"jobId": done, "overrides": {"timing": timing}})
    assert read_pinned(parts, done) == [
        Timing(),
        Timing(max_shift=0.4),
        Timing(max_shift=0.4, policy=TimingPolicy.REPORT),
    ]


def read_pinned(parts, job_id: str) -> list[Timing]:
    """The timing of a job's runs."""
    runs = select(Run.params).where(Run.job_id == UUID(job_id)).order_by(Run.number)
    with parts.db.read() as connection:
        return [
            JobParams.model_validate(params).timing for params in connection.execute(runs).scalars()
        ]


def test_a_language_is_added_and_asr_reused(client, done, parts):
    answer = client.post(URL, json={"jobId": done, "languages": ["pt"]})
    assert answer.status_code == 202
    run = client.get(f"/v1/jobs/{done}/runs").json[1]
    assert run["reused"] == ["asr"]
    assert run["executed"] == ["mt:pt", "tts:pt", "mix:pt", "join"]
    languages = client.get(f"/v1/jobs/{done}").json["languages"]
    assert {one["language"]: one["status"] for one in languages} == {
        "es": "complete",
        "pt": "translating",
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "mediaId"),
        ({"mediaId": "x"}, "mediaId"),
        ({"jobId": "1", "resumeFrom": "mt"}, "jobId"),
        ({"jobId": "DONE", "mediaId": "DONE"}, "mediaId"),
        ({"mediaId": "DONE", "resumeFrom": "mt"}, "resumeFrom"),
        ({"jobId": "DONE", "resumeFrom": "mxi"}, "resumeFrom"),
        ({"jobId": "DONE", "nosuch": 1}, "nosuch"),
        ({"mediaId": "DONE", "kind": "transcribe"}, "kind"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(client, done, body, field):
    body = {key: done if value == "DONE" else value for key, value in body.items()}
    answer = client.post(URL, json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"][0]["field"] == field
