"""Only one worker at a time may write; whoever was paused for too long may not."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from backend.database.engine import from_now
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import Run, StageRun
from backend.errors import LeaseLost
from backend.jobs import views
from backend.pipeline.retry import GiveUp, TryAgain
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState
from backend.runs import completion, leases, transitions
from backend.runs.leases import Claim
from tests import factories

ERROR = {"kind": "transient", "message": "timeout"}


@pytest.fixture
def run_id(database):
    return factories.create_dub(database)[1]


def claim(database, run_id, stage=Stage.ASR, language="", lease_s=90.0):
    return leases.claim(database, run_id, stage, language, owner="test", lease_s=lease_s)


def marker(database, claim):
    with database.read() as connection:
        return connection.execute(select(StageRun.__table__).where(StageRun.id == claim.id)).one()


def run_out(database):
    """Let the leases have run out a second ago."""
    with database.write() as connection:
        connection.execute(update(StageRun).values(lease_until=from_now(-1)))


def reap_stage(database, run_id):
    """A worker whose lease ran out: its stage waits for another one."""
    zombie = factories.claim_stage(database, run_id, Stage.ASR, lease_s=-1)
    [lease] = leases.find_expired(database)
    transitions.fail(database, lease, ERROR, TryAgain(0))
    return zombie


def test_a_claim_has_what_the_work_needs(database, run_id):
    found = claim(database, run_id)
    assert isinstance(found, Claim)
    assert (found.stage, found.language, found.attempt, found.fence) == (Stage.ASR, "", 1, 1)
    assert found.params == factories.dub_params("es")
    assert found.inputs.files["media"].sha256 == "5a" * 32
    assert found.waited == pytest.approx(0, abs=1)


def test_of_workers_that_claim_at_the_same_time_one_wins(database, run_id):
    claimers = 6
    barrier = Barrier(claimers)

    def race(_: int):
        barrier.wait()
        return claim(database, run_id)

    with ThreadPoolExecutor(claimers) as pool:
        found = list(pool.map(race, range(claimers)))
    assert sum(isinstance(one, Claim) for one in found) == 1
    assert sum(one is StageState.RUNNING for one in found) == claimers - 1


@pytest.mark.parametrize("stage", [Stage.MT, Stage.TTS, Stage.MIX])
def test_a_stage_whose_upstream_is_not_done_cannot_be_claimed(database, run_id, stage):
    assert claim(database, run_id, stage, "es") is StageState.WAITING


def test_a_stage_that_is_done_says_so(database, run_id):
    factories.do_stage(database, run_id, Stage.ASR)
    assert claim(database, run_id) is StageState.SUCCEEDED


def test_there_is_no_such_stage(database, run_id):
    assert claim(database, run_id, Stage.MT, "fr") is None
    assert claim(database, uuid4()) is None


def test_a_stage_that_waits_for_its_retry_cannot_be_claimed(database, run_id):
    transitions.fail(database, claim(database, run_id), ERROR, TryAgain(60))
    assert claim(database, run_id) is StageState.WAITING
    with database.write() as connection:
        connection.execute(update(StageRun).values(retry_at=from_now(0)))
    assert isinstance(claim(database, run_id), Claim)


def test_a_run_that_was_asked_to_stop_gives_nothing_to_do(database, run_id):
    """Also before its stages are cancelled."""
    with database.write() as connection:
        connection.execute(update(Run).values(cancel_requested_at=from_now(0)))
    assert claim(database, run_id) is StageState.WAITING


def test_a_heartbeat_renews_the_lease_and_shows_progress(database, run_id):
    held = claim(database, run_id)
    run_out(database)
    assert leases.heartbeat(database, held, 0.4) is False
    after = marker(database, held)
    with database.read() as connection:
        now = connection.execute(select(from_now(0))).scalar_one()
    assert (after.lease_until - now).total_seconds() == pytest.approx(90, abs=1)
    assert after.progress == 0.4


def test_a_heartbeat_tells_of_a_cancelled_run(database, run_id):
    held = claim(database, run_id)
    completion.cancel_run(database, held.job_id, run_id)
    assert leases.heartbeat(database, held, 0.5) is True


def test_only_leases_that_ran_out_are_found(database, run_id):
    claim(database, run_id)
    assert leases.find_expired(database) == []
    leases.expire_all_leases(database)
    [lease] = leases.find_expired(database)
    assert (lease.stage, lease.language, lease.attempt, lease.run_number) == ("asr", "", 1, 1)


ZOMBIES_WRITES = {
    "heartbeat": lambda db, zombie: leases.heartbeat(db, zombie, 0.9),
    "remember": lambda db, zombie: leases.write_memo(db, zombie, {"job": "zombie"}),
    "succeed": lambda db, zombie: transitions.succeed(db, zombie, factories.build_success(zombie)),
    "give up": lambda db, zombie: transitions.fail(db, zombie, ERROR, GiveUp(dead=False)),
    "try again": lambda db, zombie: transitions.fail(db, zombie, ERROR, TryAgain(0)),
    "cancelled": transitions.cancel,
    "hand back": transitions.hand_back,
    "show storing": transitions.show_storing,
}


@pytest.mark.parametrize("taken_over", [True, False])
@pytest.mark.parametrize("write", ZOMBIES_WRITES)
def test_a_zombie_changes_nothing(database, run_id, write, taken_over):
    zombie = reap_stage(database, run_id)
    if taken_over:
        claim(database, run_id)
    before = marker(database, zombie)
    with pytest.raises(LeaseLost):
        ZOMBIES_WRITES[write](database, zombie)
    assert marker(database, zombie) == before


def test_a_slow_worker_that_renewed_in_time_is_not_reaped(database, run_id):
    held = claim(database, run_id)
    run_out(database)
    [lease] = leases.find_expired(database)
    leases.heartbeat(database, held, 0.5)
    with pytest.raises(LeaseLost):
        transitions.fail(database, lease, ERROR, TryAgain(0))
    transitions.succeed(database, held, factories.build_success(held))


def test_a_slow_worker_that_nobody_replaced_may_finish(database, run_id):
    held = claim(database, run_id, lease_s=-1)
    transitions.succeed(database, held, factories.build_success(held))
    assert leases.find_expired(database) == []


def test_a_crash_counts_as_an_attempt(database, run_id):
    reap_stage(database, run_id)
    assert claim(database, run_id).attempt == 2


def test_work_that_is_handed_back_uses_up_no_attempt(database, run_id):
    transitions.hand_back(database, claim(database, run_id))
    again = claim(database, run_id)
    assert (again.attempt, again.fence) == (1, 2)
    told = [event["type"] for event in views.read_events(database, LOCAL_USER, again.job_id)]
    assert told[-2:] == ["stage.handed_back", "stage.started"]


def test_waiting_for_a_rate_limit_uses_up_no_attempt(database, run_id):
    for already in range(3):
        held = claim(database, run_id)
        assert (held.attempt, held.limited) == (1, already)
        transitions.fail(database, held, ERROR, TryAgain(0, counts=False, limited=already + 1))


def test_what_was_waited_for_rate_limits_is_known(database, run_id):
    again = TryAgain(0, counts=False, limited=2, waited=120)
    transitions.fail(database, claim(database, run_id), ERROR, again)
    assert claim(database, run_id).waited == 120


def test_another_error_ends_the_row_of_rate_limits(database, run_id):
    again = TryAgain(0, counts=False, limited=1, waited=1)
    transitions.fail(database, claim(database, run_id), ERROR, again)
    transitions.fail(database, claim(database, run_id), ERROR, TryAgain(0))
    held = claim(database, run_id)
    assert (held.attempt, held.limited, held.waited) == (2, 0, 0)


def test_what_an_attempt_remembered_the_next_one_knows(database, run_id):
    first = claim(database, run_id)
    leases.write_memo(database, first, {"vendor_job": "j-1"})
    transitions.fail(database, first, ERROR, TryAgain(0))
    assert claim(database, run_id).memo == {"vendor_job": "j-1"}
