"""A worker dies by SIGKILL in each stage, and another one finishes the job.

Turns red when: `outbox.promise` is not called (the job stays where it was), `fenced` drops the
fence (a stage succeeds twice), `settle.succeed` is not one transaction with its artifacts.
"""

import signal

import pytest

from backend.core.stages import Stage
from tests.chaos.house import House, check_invariants

PLACES = ("after-claim", "mid-work", "after-upload", "after-commit")


@pytest.mark.parametrize("stage", list(Stage))
def test_killed_mid_work_the_job_goes_on(house: House, stage: Stage) -> None:
    worker = house.start("worker")
    house.start("reconciler")
    with house.gate("mid-work", stage) as reached:
        job_id = house.submit()
        reached()
        house.kill_all(worker)
    house.start("worker")
    job = house.ended(job_id)
    assert job["status"] == "succeeded"
    attempts = {one["stage"]: one["attempt"] for one in _stages(job)}
    assert attempts == {str(each): 2 if each is stage else 1 for each in Stage}
    check_invariants(house.parts, job_id)


@pytest.mark.parametrize("place", PLACES)
def test_killed_around_the_commit(house: House, place: str) -> None:
    worker = house.start("worker")
    house.start("reconciler")
    with house.gate(place, Stage.TTS) as reached:
        job_id = house.submit()
        reached()
        house.kill_all(worker)
    house.start("worker")
    job = house.ended(job_id)
    assert job["status"] == "succeeded"
    attempts = {one["stage"]: one["attempt"] for one in _stages(job)}
    assert attempts["tts"] == (1 if place == "after-commit" else 2)
    check_invariants(house.parts, job_id)


def test_a_paused_worker_cannot_write(house: House) -> None:
    """SIGSTOP past the lease, another worker finishes, SIGCONT: the zombie changes nothing."""
    zombie = house.start("worker")
    house.start("reconciler")
    with house.gate("after-upload", Stage.MT) as reached:
        job_id = house.submit()
        reached()
        house.signal_all(zombie, signal.SIGSTOP)
    house.start("worker")
    job = house.ended(job_id)
    house.signal_all(zombie, signal.SIGCONT)
    zombie.send_signal(signal.SIGTERM)
    zombie.wait(60)
    assert job["status"] == "succeeded"
    assert house.job(job_id) == job
    check_invariants(house.parts, job_id)


def test_told_to_stop_the_work_is_handed_back(house: House) -> None:
    """SIGTERM: the stage is given back at once and uses up no attempt."""
    worker = house.start("worker")
    house.start("reconciler")
    with house.gate("after-claim", Stage.TTS) as reached:
        job_id = house.submit()
        reached()
        worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    house.start("worker")
    job = house.ended(job_id)
    assert job["status"] == "succeeded"
    assert {one["attempt"] for one in _stages(job)} == {1}


def _stages(job: dict) -> list[dict]:
    return [*job["stages"], *(one for language in job["languages"] for one in language["stages"])]
