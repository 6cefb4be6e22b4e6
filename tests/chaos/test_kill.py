"""A worker dies by SIGKILL in each stage, and another one finishes the job.

What turns these red, and was tried: docs/adr/0003.
"""

import signal
from contextlib import ExitStack

import pytest
import redis

from backend.database.models.accounts import LOCAL_USER
from backend.jobs import resume, submit
from backend.jobs.resume import ResumeRequest
from backend.pipeline.stages import RESUMABLE, Stage
from tests.chaos.house import House, check_invariants, stages_of

SERVERS = pytest.mark.parametrize("house", ["servers"], indirect=True)


def test_killed_in_every_stage_the_job_goes_on(house: House) -> None:
    """One job, and a worker that dies in each of its stages."""
    _killed_at(house, dict.fromkeys(RESUMABLE, "mid-work"), attempts=dict.fromkeys(RESUMABLE, 2))


@SERVERS
def test_killed_around_the_commit(house: House) -> None:
    """What was committed is not done again, what was not is."""
    places = {
        Stage.ASR: "after-claim",
        Stage.MT: "after-upload",
        Stage.TTS: "after-commit",
        Stage.MIX: "after-commit",
    }
    done_again = {Stage.ASR: 2, Stage.MT: 2, Stage.TTS: 1, Stage.MIX: 1}
    _killed_at(house, places, attempts=done_again)


def test_killed_while_the_film_of_all_languages_is_made(house: House) -> None:
    """The languages are complete by then, and nothing of them is done again."""
    worker = house.start("worker")
    house.start("reconciler")
    with house.gate("mid-work", Stage.JOIN) as reached:
        job_id = house.submit("", "es", "pt")
        reached()
        assert {one["status"] for one in house.job(job_id)["languages"]} == {"complete"}
        house.kill_all(worker)
    house.start("worker")
    job = house.wait_for_end(job_id)
    assert job["status"] == "succeeded"
    attempts = [(one["stage"], one["attempt"]) for one in stages_of(job)]
    assert all(attempt == (2 if stage == Stage.JOIN else 1) for stage, attempt in attempts)
    check_invariants(house.parts, job_id)


def _killed_at(house: House, places: dict[Stage, str], attempts: dict[Stage, int]) -> None:
    house.start("reconciler")
    with ExitStack() as gates:
        opened = {stage: gates.enter_context(house.gate(at, stage)) for stage, at in places.items()}
        job_id = house.submit()
        for stage, at in places.items():
            worker = house.start("worker")
            opened[stage]()
            house.kill_all(worker)
            house.remove_gate(at, stage)
        house.start("worker")
        job = house.wait_for_end(job_id)
    assert job["status"] == "succeeded"
    assert {one["stage"]: one["attempt"] for one in stages_of(job)} == attempts
    check_invariants(house.parts, job_id)


@SERVERS
def test_a_paused_worker_cannot_write(house: House) -> None:
    """SIGSTOP past the lease, another worker finishes, SIGCONT: the zombie changes nothing.

    Not on SQLite: a process that is stopped within a transaction holds its lock.
    """
    zombie = house.start("worker")
    house.start("reconciler")
    with house.gate("after-upload", Stage.MT) as reached:
        job_id = house.submit()
        reached()
        house.signal_all(zombie, signal.SIGSTOP)
    house.start("worker")
    job = house.wait_for_end(job_id)
    house.signal_all(zombie, signal.SIGCONT)
    zombie.send_signal(signal.SIGTERM)
    zombie.wait(60)
    assert job["status"] == "succeeded"
    assert house.job(job_id) == job
    check_invariants(house.parts, job_id)


@SERVERS
def test_told_to_stop_the_work_is_handed_back(house: House) -> None:
    """SIGTERM: the stage is given back at once and uses up no attempt.

    Turns red when nobody sets the flag that the worker stops.
    """
    worker = house.start("worker")
    house.start("reconciler")
    with house.gate("after-claim", Stage.TTS) as reached:
        job_id = house.submit()
        reached()
        worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    [tts] = [one for one in stages_of(house.job(job_id)) if one["stage"] == Stage.TTS]
    assert (tts["state"], tts["attempt"]) == ("waiting", 0)
    house.start("worker")
    job = house.wait_for_end(job_id)
    assert job["status"] == "succeeded"
    assert {one["attempt"] for one in stages_of(job)} == {1}


@SERVERS
def test_nothing_can_be_delivered_again_while_a_stage_runs(house: House, redis_url: str) -> None:
    """However long it takes. Turns red with `task_acks_late`."""
    house.start("worker")
    with house.gate("mid-work", Stage.ASR) as reached, redis.Redis.from_url(redis_url) as broker:
        job_id = house.submit()
        reached()
        assert broker.hlen("unacked") == 0
    house.wait_for_end(job_id)


@pytest.mark.parametrize("stage", [Stage.ASR, Stage.MT, Stage.TTS])
def test_a_cancelled_job_goes_on_later_and_buys_nothing_again(house: House, stage: Stage) -> None:
    """Down to the single line. Turns red when transcripts, batches or clips are not kept."""
    house.start("worker")
    house.start("reconciler")
    with house.gate("mid-work", stage) as reached:
        job_id = house.submit()
        reached()
        submit.cancel_job(house.parts.db, LOCAL_USER, job_id)
    cancelled = house.wait_for_end(job_id)
    assert cancelled["status"] == "cancelled"
    assert not [one for one in cancelled["artifacts"] if one["stage"] == Stage.MIX]
    resume.start_run(house.parts.db, house.parts.store, LOCAL_USER, job_id, ResumeRequest())
    assert house.wait_for_end(job_id)["status"] == "succeeded"
    check_invariants(house.parts, job_id)
    assert set(house.purchases().values()) == {1}
