"""A dub made without streams: the first player orders them, and nothing else is done for it."""

import threading
from importlib import import_module
from uuid import UUID

import m3u8
import pytest
from flask.testing import FlaskClient

from backend.database.models.accounts import LOCAL_USER
from backend.jobs import submit
from backend.pipeline.stages import Stage
from backend.wiring import Parts
from tests import factories
from workers.providers.stub import StubSynthesizer, StubTranslator
from workers.runtime.runner import Runner

STAGES = {stage: import_module(f"workers.stages.{stage}").run for stage in Stage}
LANGUAGES = ("es", "pt")


@pytest.fixture
def work(parts: Parts):
    """Does all that waits in a run."""
    runner = Runner(parts, STAGES, owner="test", stopping=threading.Event())

    def do(run_id: UUID) -> None:
        runner.run(run_id, Stage.ASR, "")
        for language in LANGUAGES:
            for stage in (Stage.MT, Stage.TTS, Stage.MIX):
                runner.run(run_id, stage, language)
        runner.run(run_id, Stage.JOIN, "")

    return do


@pytest.fixture
def job(parts: Parts, work) -> str:
    """A dub that was made without streams."""
    media_id = factories.text_upload(parts, "This is what is said.\nAnd this.")
    params = factories.dub_params(*LANGUAGES, hls=False)
    job_id, run_id = submit.create_job(parts.db, LOCAL_USER, params, media_id=media_id)
    work(run_id)
    return str(job_id)


def ask(client: FlaskClient, job: str, query: str = ""):
    return client.get(f"/v1/jobs/{job}/hls/master.m3u8{query}")


def read(client: FlaskClient, job: str) -> dict:
    return client.get(f"/v1/jobs/{job}").json


def list_runs(client: FlaskClient, job: str) -> list[dict]:
    return client.get(f"/v1/jobs/{job}/runs").json


def test_the_first_player_orders_streams_and_all_further_ones_wait(
    client, job, work, parts, monkeypatch
):
    assert not [one for one in read(client, job)["artifacts"] if one["kind"].startswith("hls")]
    for provider, name in ((StubTranslator, "translate"), (StubSynthesizer, "synthesize")):
        monkeypatch.setattr(provider, name, None)  # nothing is bought for it
    first = ask(client, job)
    assert (first.status_code, first.json["status"]) == (202, "running")
    assert first.headers["Location"] == f"/v1/jobs/{job}"
    assert int(first.headers["Retry-After"]) > 0
    assert [ask(client, job, query).status_code for query in ("", "?language=pt")] == [202, 202]
    runs = list_runs(client, job)
    assert [one["executed"] for one in runs][1:] == [["mix:es", "mix:pt", "join"]]

    work(UUID(runs[-1]["id"]))
    assert read(client, job)["status"] == "succeeded"
    found = client.get(ask(client, job).headers["Location"])
    assert [one.language for one in m3u8.loads(found.text).media] == ["es", "pt"] * 2
    assert len(list_runs(client, job)) == 2


def test_what_is_no_dub_of_the_job_orders_nothing(client, job):
    refused = ask(client, job, "?language=fr")
    assert (refused.status_code, refused.json["detail"]) == (
        *(404, "There is nothing to stream in 'fr', but in es, pt"),
    )
    assert len(list_runs(client, job)) == 1


def test_a_run_that_ended_without_streams_is_not_begun_again_by_every_look(client, job):
    assert ask(client, job).status_code == 202
    client.delete(f"/v1/jobs/{job}")
    refused = ask(client, job)
    assert (refused.status_code, refused.json["type"]) == (
        *(409, "urn:dubline:problem:streams-missing"),
    )
    assert len(list_runs(client, job)) == 2


def test_lines_that_were_edited_since_are_not_left_out_nor_spoken_by_a_look(client, job):
    where = f"/v1/jobs/{job}/segments/0?language=es"
    assert client.patch(where, json={"revision": 0, "text": "Nuevo."}).status_code == 200
    refused = ask(client, job)
    assert (refused.status_code, refused.json["earliestValidStage"]) == (409, "tts")
    assert len(list_runs(client, job)) == 1


def test_a_run_that_makes_no_streams_is_waited_for(client, job):
    again = {"resumeFrom": "tts"}
    assert client.post(f"/v1/jobs/{job}/retry", json=again).status_code == 202
    refused = ask(client, job)
    assert (refused.status_code, refused.json["type"]) == (409, "urn:dubline:problem:job-running")
