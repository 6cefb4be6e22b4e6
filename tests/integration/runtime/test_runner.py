"""The runner in this process, with stages made for the test."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from backend.database import schema
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.kept import KeptObject
from backend.database.models.runs import StageRun
from backend.errors import Pending, Permanent, RateLimited, Refused, Stopping, Transient
from backend.jobs import submit, views
from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.runs import transitions
from backend.wiring import Parts
from tests import factories
from workers.interfaces.providers import Cost
from workers.interfaces.stages import OutputFile, StageResult
from workers.runtime.runner import Runner


@pytest.fixture
def parts(new_parts) -> Parts:
    """An embedded house whose heartbeats are quick."""
    found = new_parts(heartbeat_s=0.05)
    schema.migrate(found.db)
    return found


@pytest.fixture
def runner(parts) -> Runner:
    def stage(work, context) -> StageResult:
        runner.calls += 1
        runner.meanwhile(context)
        context.add_cost(Cost(3, "lines", usd=0.5))
        if runner.error:
            raise runner.error
        path: Path = context.workdir / "made.txt"
        path.write_text("made")
        return StageResult(
            (OutputFile("segments_src", path, "text/plain", path.name),), "test", "1"
        )

    runner = Runner(parts, dict.fromkeys(Stage, stage), owner="test", stopping=threading.Event())
    runner.calls, runner.error, runner.meanwhile = 0, None, lambda _context: None
    return runner


def first_stage(parts, job_id) -> dict:
    return views.read_job_view(parts.db, LOCAL_USER, job_id)["stages"][0]


def test_a_stage_that_is_done_is_not_done_again(parts, runner):
    job_id, run_id = factories.create_dub(parts.db)
    assert runner.run(run_id, Stage.ASR, "")
    assert not runner.run(run_id, Stage.ASR, ""), "the first message's chain goes on already"
    assert runner.calls == 1
    assert first_stage(parts, job_id)["state"] == "succeeded"


@pytest.mark.parametrize("error", [None, Permanent("no"), Stopping("a deploy")])
def test_what_is_kept_for_all_jobs_is_noted_with_the_job(parts, runner, error):
    """Red where an attempt that failed notes nothing: its user could not have that deleted."""
    job_id, run_id = factories.create_dub(parts.db)

    def keep(context) -> None:
        path = context.workdir / "line.flac"
        path.write_text("said")
        context.clips.put("5a" * 32, path)

    runner.meanwhile, runner.error = keep, error
    runner.run(run_id, Stage.ASR, "")
    with parts.db.read() as connection:
        [row] = connection.execute(select(KeptObject.job_id, KeptObject.object_key)).all()
    assert row.job_id == job_id
    assert row.object_key.startswith("clips/5a/")


def test_what_all_attempts_have_spent_is_told(parts, runner):
    """Turns red when only the attempt that succeeds tells what it cost."""
    job_id, run_id = factories.create_dub(parts.db)
    for error in (Transient("no answer"), Stopping("a deploy"), None):
        runner.error = error
        runner.run(run_id, Stage.ASR, "")
        with parts.db.write() as connection:
            connection.execute(update(StageRun).values(retry_at=None))
    assert first_stage(parts, job_id)["cost"]["usd"] == 1.5
    told = [event["cost_usd"] for event in views.read_events(parts.db, LOCAL_USER, job_id)]
    assert [cost for cost in told[2:] if cost is not None] == [0.5] * 3


def test_a_stage_whose_upstream_is_not_done_waits(parts, runner):
    _, run_id = factories.create_dub(parts.db)
    assert not runner.run(run_id, Stage.MT, "es")
    assert runner.calls == 0


@pytest.mark.parametrize("commits_landed", [False, True])
def test_a_database_that_restarts_at_the_end_costs_no_work(
    parts, runner, monkeypatch, commits_landed
):
    job_id, run_id = factories.create_dub(parts.db)
    failures = iter([OperationalError("COMMIT", {}, Exception("server closed the connection"))])
    really = transitions.succeed

    def succeed(*given) -> list[str]:
        error = next(failures, None)
        removed = really(*given) if error is None or commits_landed else []
        if error is not None:
            raise error
        return removed

    monkeypatch.setattr(transitions, "succeed", succeed)
    assert runner.run(run_id, Stage.ASR, "") is not commits_landed
    assert runner.calls == 1
    stage = first_stage(parts, job_id)
    assert (stage["state"], stage["attempt"]) == ("succeeded", 1)


@pytest.mark.parametrize(
    ("error", "state", "kind"),
    [
        (Permanent("no such language"), "failed", "permanent"),
        (Refused("the key"), "failed", "permanent"),
        (Transient("no answer"), "waiting", "transient"),
        (Pending("at work", 5), "waiting", "pending"),
        (ZeroDivisionError("a secret"), "waiting", "internal"),
    ],
)
def test_errors_have_their_answer(parts, runner, error, state, kind):
    job_id, run_id = factories.create_dub(parts.db)
    runner.error = error
    assert not runner.run(run_id, Stage.ASR, "")
    stage = first_stage(parts, job_id)
    assert (stage["state"], stage["error"]["kind"]) == (state, kind)
    assert "a secret" not in str(stage)


def test_waiting_for_a_vendors_job_uses_up_no_attempt(parts, runner):
    job_id, run_id = factories.create_dub(parts.db)
    for error in (*[Pending("at work", 5)] * 7, None):
        runner.error = error
        runner.run(run_id, Stage.ASR, "")
        with parts.db.write() as connection:
            connection.execute(update(StageRun).values(retry_at=None))
    stage = first_stage(parts, job_id)
    assert (stage["state"], stage["attempt"]) == ("succeeded", 1)


def test_after_another_failure_the_row_of_rate_limits_begins_anew(parts, runner):
    """Or a vendor that limits now and then would use up the time for waiting in the end."""
    _, run_id = factories.create_dub(parts.db)
    rows = []
    for error in (RateLimited("slow down", 1), Transient("no answer")):
        runner.error = error
        runner.run(run_id, Stage.ASR, "")
        with parts.db.write() as connection:
            tally = select(StageRun.limited, StageRun.limited_s).where(StageRun.stage == Stage.ASR)
            rows.append(tuple(connection.execute(tally).one()))
            connection.execute(update(StageRun).values(retry_at=None))
    first, second = rows
    assert first[0] == 1
    assert first[1] >= 1
    assert second == (0, 0.0)


def test_a_worker_that_stops_hands_its_stage_back(parts, runner):
    job_id, run_id = factories.create_dub(parts.db)
    runner._stopping.set()
    assert not runner.run(run_id, Stage.ASR, "")
    stage = first_stage(parts, job_id)
    assert (stage["state"], stage["attempt"], runner.calls) == ("waiting", 0, 0)


def test_a_worker_that_stops_when_the_work_is_done_stores_it(parts, runner):
    """Or what was paid for would be handed back, and paid for again."""
    job_id, run_id = factories.create_dub(parts.db)
    runner.meanwhile = lambda _context: runner._stopping.set()
    assert runner.run(run_id, Stage.ASR, "")
    assert first_stage(parts, job_id)["state"] == "succeeded"


def test_a_job_that_is_cancelled_while_a_stage_works_has_ended_with_it(parts, runner):
    """Turns red when only the reaper ends it, a lease later."""
    job_id, run_id = factories.create_dub(parts.db)

    def cancel_and_wait(context) -> None:
        submit.cancel_job(parts.db, LOCAL_USER, job_id)
        context._heartbeat.pause(30)

    runner.meanwhile = cancel_and_wait
    assert not runner.run(run_id, Stage.ASR, "")
    assert first_stage(parts, job_id)["state"] == "cancelled"
    assert views.read_job_view(parts.db, LOCAL_USER, job_id)["status"] == "cancelled"


def test_nothing_is_stored_of_a_job_that_is_cancelled_as_the_work_ends(parts, runner):
    job_id, run_id = factories.create_dub(parts.db)

    def cancel_and_finish(context) -> None:
        submit.cancel_job(parts.db, LOCAL_USER, job_id)
        assert context._heartbeat._decided.wait(30)

    runner.meanwhile = cancel_and_finish
    assert not runner.run(run_id, Stage.ASR, "")
    assert list(parts.store.list_objects("jobs/")) == []
    assert first_stage(parts, job_id)["state"] == "cancelled"


@pytest.mark.parametrize(
    ("stage", "status"),
    [(Stage.MT, "translating"), (Stage.TTS, "dubbing"), (Stage.MIX, "exporting")],
)
def test_a_language_is_exporting_while_its_mix_is_stored(parts, runner, monkeypatch, stage, status):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_stage(parts.db, run_id, Stage.ASR)
    for before in PER_LANGUAGE[: PER_LANGUAGE.index(stage)]:
        factories.do_stage(parts.db, run_id, before, "es")
    shown, really = [], parts.store.put

    def put(*given, **more) -> None:
        (language,) = views.read_job_view(parts.db, LOCAL_USER, job_id)["languages"]
        shown.append(language["status"])
        really(*given, **more)

    monkeypatch.setattr(parts.store, "put", put)
    assert runner.run(run_id, stage, "es")
    assert shown == [status]


def test_a_stage_that_the_budget_does_not_pay_for_fails(parts, runner):
    transcriber = {"transcription": "deepgram", "translation": "stub", "tts": "stub"}
    media = factories.upload(parts.db, duration=3600.0)
    params = factories.dub_params(max_cost=0.1, providers=transcriber)
    job_id, run_id = submit.create_job(parts.db, LOCAL_USER, params, media_id=media)
    runner.meanwhile = lambda context: context.require_budget("deepgram")
    runner.run(run_id, Stage.ASR, "")
    stage = first_stage(parts, job_id)
    assert stage["state"] == "failed"
    assert stage["error"]["message"].startswith("maxCost: this would cost about 0.5520")
    assert stage["cost"]["usd"] == 0
