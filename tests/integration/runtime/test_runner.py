"""The runner in this process, with stages made for the test."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import StageRun
from backend.errors import Permanent, Stopping, Transient
from backend.jobs import views
from backend.pipeline.stages import Stage
from backend.runs import transitions
from tests import factories
from workers.interfaces.providers import Cost
from workers.interfaces.stages import OutputFile, StageResult
from workers.runtime.runner import Runner


@pytest.fixture
def runner(parts) -> Runner:
    def stage(work, context) -> StageResult:
        runner.calls += 1
        context.add_cost(Cost(3, "lines", usd=0.5))
        if runner.error:
            raise runner.error
        path: Path = context.workdir / "made.txt"
        path.write_text("made")
        return StageResult(
            (OutputFile("segments_src", path, "text/plain", path.name),), "test", "1"
        )

    runner = Runner(parts, dict.fromkeys(Stage, stage), owner="test", stopping=threading.Event())
    runner.calls, runner.error = 0, None
    return runner


def first_stage(parts, job_id) -> dict:
    return views.read_job_view(parts.db, LOCAL_USER, job_id)["stages"][0]


def test_a_stage_that_is_done_is_not_done_again(parts, runner):
    job_id, run_id = factories.create_dub(parts.db)
    assert runner.run(run_id, Stage.ASR, "")
    assert not runner.run(run_id, Stage.ASR, ""), "the first message's chain goes on already"
    assert runner.calls == 1
    assert first_stage(parts, job_id)["state"] == "succeeded"


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
        (Transient("no answer"), "waiting", "transient"),
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


def test_a_worker_that_stops_hands_its_stage_back(parts, runner):
    job_id, run_id = factories.create_dub(parts.db)
    runner._stopping.set()
    assert not runner.run(run_id, Stage.ASR, "")
    stage = first_stage(parts, job_id)
    assert (stage["state"], stage["attempt"], runner.calls) == ("waiting", 0, 0)
