"""The report of a dub by the API: its sums, its files, who made what and at what cost."""

import threading
from dataclasses import replace
from importlib import import_module
from uuid import UUID

from werkzeug.test import TestResponse

from backend.artifacts import inputs
from backend.database.models.accounts import LOCAL_USER
from backend.jobs.resume import ResumeRequest, start_run
from backend.pipeline.stages import Provenance, Stage
from backend.runs import transitions
from tests import factories
from workers.runtime.runner import Runner

STAGES = {stage: import_module(f"workers.stages.{stage}").run for stage in Stage}


def language_of(client, job_id: UUID) -> dict:
    (language,) = client.get(f"/v1/jobs/{job_id}").json["languages"]
    return language


def download_artifact(client, job_id: UUID, name: str) -> TestResponse:
    path = f"/v1/jobs/{job_id}/download"
    link = client.get(path, query_string={"artifact": name}).headers["Location"]
    return client.get(link, buffered=True)


def test_a_dub_comes_with_its_report(client, parts):
    job_id, run_id = factories.submit_text(parts, "Hello there.\nHow are you?\n", ("es",))
    assert language_of(client, job_id)["report"] is None
    runner = Runner(parts, STAGES, owner="test", stopping=threading.Event())
    assert runner.run(run_id, Stage.ASR, "")
    assert all(runner.run(run_id, stage, "es") for stage in (Stage.MT, Stage.TTS, Stage.MIX))
    sums = language_of(client, job_id)["report"]
    assert (sums["lines"], sums["collisions"], sums["cuts"]) == (2, 0, 0)
    assert sums["durationErrorMs"] == 0
    assert sums["wer"] is None
    for name, mime in (("report.html", "text/html"), ("report.json", "application/json")):
        answer = download_artifact(client, job_id, f"es/{name}")
        assert answer.mimetype == mime
        # Never shown on the API's own site: it is a page made of what users wrote.
        assert answer.headers["Content-Disposition"].startswith("attachment")
    report = answer.json
    assert report["sums"] == sums
    assert [(one["stage"], one["provider"]) for one in report["stages"]] == [
        *(("asr", "stub"), ("mt", "stub"), ("tts", "stub"), ("mix", "dubline")),
    ]


def test_what_an_earlier_run_made_is_told_as_that_made_it(parts):
    job_id, run_id = factories.create_dub(parts.db, "es")
    for stage, usd in ((Stage.ASR, 0.5), (Stage.MT, 0.25), (Stage.TTS, 0.125), (Stage.MIX, 0.0)):
        claim = factories.claim_stage(parts.db, run_id, stage, "" if stage is Stage.ASR else "es")
        transitions.succeed(
            parts.db, claim, replace(factories.build_success(claim, parts.store), cost_usd=usd)
        )
    asked = ResumeRequest(resume_from=Stage.MIX)
    again, _ = start_run(parts.db, parts.store, LOCAL_USER, job_id, asked)
    for run in (run_id, again):
        with parts.db.read() as connection:
            assert inputs.read_provenance(connection, run, Stage.MIX, "es") == (
                Provenance(Stage.ASR, "stub", "stub-1", 0.5),
                Provenance(Stage.MT, "stub", "stub-1", 0.25),
                Provenance(Stage.TTS, "stub", "stub-1", 0.125),
            )
