"""A stage's heartbeat: it renews the lease whatever happens, and tells when to stop."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import StageRun
from backend.errors import Cancelled, LeaseLost, Stopping, Transient
from backend.jobs import submit
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState
from backend.runs import leases
from backend.runs.leases import Claim
from tests import factories
from workers.runtime.heartbeat import ALMOST, SHOW_EVERY_S, Heartbeat


@pytest.fixture
def claim(database) -> Claim:
    return factories.claim_stage(database, factories.create_dub(database)[1], Stage.ASR, lease_s=1)


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


def heart_of(database, claim, stopping, limit_s: float = 60) -> Heartbeat:
    return Heartbeat(database, claim, heartbeat_s=0.01, limit_s=limit_s, stopping=stopping)


@pytest.fixture
def heartbeat(database, claim, stopping) -> Heartbeat:
    """One whose lease is long, so that nothing is told by its running out."""
    return heart_of(database, replace(claim, lease_s=60), stopping)


def beats_of(monkeypatch, *errors: Exception) -> threading.Semaphore:
    """Let heartbeats fail with these errors first; counts those that did not."""
    really, left, beaten = leases.heartbeat, iter(errors), threading.Semaphore(0)

    def heartbeat(*given) -> bool:
        for error in left:
            raise error
        answer = really(*given)
        beaten.release()
        return answer

    monkeypatch.setattr(leases, "heartbeat", heartbeat)
    return beaten


def verdict(heartbeat: Heartbeat) -> Exception:
    """What `check` raises once the heartbeat knows."""
    assert heartbeat._decided.wait(10), "the heartbeat knows of nothing"
    try:
        heartbeat.check()
    except Exception as error:
        return error
    raise AssertionError("the stage may go on")


def test_no_error_of_a_heartbeat_ends_the_heart(database, claim, stopping, monkeypatch):
    beaten = beats_of(monkeypatch, ValueError("a bug"), RuntimeError("another"))
    with heart_of(database, claim, stopping) as heartbeat:
        assert beaten.acquire(timeout=10)
        heartbeat.check()


def test_a_heartbeat_that_was_answered_begins_the_lease_anew(heartbeat, monkeypatch):
    """Turns red when `check` counts the lease from the claim: no stage could outlast one."""
    beaten = beats_of(monkeypatch)
    heartbeat._beat_at -= 61
    with heartbeat:
        # The second one begins when the first has been noted.
        assert beaten.acquire(timeout=10) and beaten.acquire(timeout=10)
        heartbeat.check()


def test_a_stage_that_was_taken_over_ends_before_its_lease_does(database, heartbeat):
    """Or it would go on, and pay, for up to a lease."""
    with database.write() as connection:
        connection.execute(update(StageRun).values(fence=StageRun.fence + 1))
    with heartbeat:
        assert isinstance(verdict(heartbeat), LeaseLost)


@pytest.mark.parametrize(
    ("tell", "shown"),
    [
        (lambda heartbeat: heartbeat.check(0.4), 0.4),
        (lambda heartbeat: heartbeat.check(7), ALMOST),
        (lambda heartbeat: heartbeat.check(-7), 0),
        (Heartbeat.note_storing, 1),
    ],
    ids=["part", "too much", "too little", "storing"],
)
def test_a_heartbeat_shows_the_progress(database, heartbeat, monkeypatch, tell, shown):
    beaten = beats_of(monkeypatch)
    tell(heartbeat)
    with heartbeat:
        assert beaten.acquire(timeout=10)
    assert read_progress(database) == shown


def test_progress_is_shown_before_the_next_regular_heartbeat(database, heartbeat, monkeypatch):
    beaten = beats_of(monkeypatch)
    heartbeat._heartbeat_s = 60
    heartbeat._beat_at -= SHOW_EVERY_S
    with heartbeat:
        heartbeat.check(0.4)
        assert beaten.acquire(timeout=10)
    assert read_progress(database) == 0.4


def read_progress(database) -> float:
    with database.read() as connection:
        running = select(StageRun.progress).where(StageRun.state == StageState.RUNNING)
        return connection.execute(running).scalar_one()


def test_a_database_out_of_reach_for_a_whole_lease_ends_the_work(
    database, claim, stopping, monkeypatch
):
    beats_of(monkeypatch, *[ConnectionError("gone")] * 10_000)
    with heart_of(database, claim, stopping) as heartbeat:
        assert isinstance(verdict(heartbeat), LeaseLost)


def test_a_heartbeat_that_is_never_answered_ends_the_work_with_the_lease(
    database, claim, stopping, monkeypatch
):
    """Turns red when only the thread that hangs may tell that the lease ran out."""
    answered = threading.Event()
    monkeypatch.setattr(leases, "heartbeat", lambda *_: answered.wait(30))
    with heart_of(database, claim, stopping) as heartbeat:
        with pytest.raises(LeaseLost):
            heartbeat.pause(10)
        answered.set()


def test_a_cancelled_job_ends_the_work(database, claim, stopping):
    submit.cancel_job(database, LOCAL_USER, claim.job_id)
    with heart_of(database, claim, stopping) as heartbeat:
        assert isinstance(verdict(heartbeat), Cancelled)


def test_an_attempt_that_takes_too_long_is_given_up(database, claim, stopping):
    with heart_of(database, claim, stopping, limit_s=0) as heartbeat:
        assert isinstance(verdict(heartbeat), Transient)


def test_a_worker_that_stops_ends_the_work(database, claim, stopping):
    stopping.set()
    with heart_of(database, claim, stopping) as heartbeat, pytest.raises(Stopping):
        heartbeat.check()


def test_a_worker_that_stops_still_stores_what_is_made(database, claim, stopping):
    stopping.set()
    with heart_of(database, claim, stopping) as heartbeat:
        heartbeat.note_storing()
        heartbeat.check()


def test_a_cancel_is_noticed_long_before_the_next_heartbeat(database, claim, stopping):
    """Turns red when only heartbeats ask whether to stop."""
    own = replace(claim, lease_s=90)
    heartbeat = Heartbeat(database, own, heartbeat_s=30, limit_s=60, stopping=stopping)
    with heartbeat:
        submit.cancel_job(database, LOCAL_USER, claim.job_id)
        assert heartbeat._decided.wait(2)
        with pytest.raises(Cancelled):
            heartbeat.check()
