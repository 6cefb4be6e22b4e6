"""A stage's heartbeat: it renews the lease whatever happens, and tells when to stop."""

import threading

import pytest

from backend.database.models.accounts import LOCAL_USER
from backend.errors import Cancelled, LeaseLost, Stopping, Transient
from backend.jobs import submit
from backend.pipeline.stages import Stage
from backend.runs import leases
from backend.runs.leases import Claim
from tests import factories
from workers.runtime.heartbeat import Heartbeat


@pytest.fixture
def claim(database) -> Claim:
    return factories.claim_stage(database, factories.create_dub(database)[1], Stage.ASR, lease_s=1)


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


def heart_of(database, claim, stopping, limit_s: float = 60) -> Heartbeat:
    return Heartbeat(database, claim, heartbeat_s=0.01, limit_s=limit_s, stopping=stopping)


def beats_of(monkeypatch, *errors: Exception) -> threading.Event:
    """Let heartbeats fail with these errors first; the event tells of the first that did not."""
    really, left, beaten = leases.heartbeat, iter(errors), threading.Event()

    def heartbeat(*given) -> bool:
        for error in left:
            raise error
        answer = really(*given)
        beaten.set()
        return answer

    monkeypatch.setattr(leases, "heartbeat", heartbeat)
    return beaten


def verdict(heartbeat: Heartbeat) -> Exception:
    """What `check` raises once the heartbeat knows."""
    heartbeat._thread.join(10)
    try:
        heartbeat.check()
    except Exception as error:
        return error
    raise AssertionError("the stage may go on")


def test_no_error_of_a_heartbeat_ends_the_heart(database, claim, stopping, monkeypatch):
    beaten = beats_of(monkeypatch, ValueError("a bug"), RuntimeError("another"))
    with heart_of(database, claim, stopping) as heartbeat:
        assert beaten.wait(10)
        heartbeat.check()


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
