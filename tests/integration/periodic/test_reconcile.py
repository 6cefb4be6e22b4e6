"""The reconciler: one leads, dead workers' stages are taken, lost messages are sent again."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from sqlalchemy import event, select, update

from backend.database.engine import Database, from_now
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import Outbox, Run, StageRun
from backend.jobs import views
from backend.pipeline.stages import Stage
from backend.runs import leases, transitions
from backend.wiring import Parts
from tests import factories
from tests.chaos.house import wait_for
from tests.servers import free_port
from workers import reconciler
from workers.periodic import reconcile
from workers.runtime.leadership import contend_for_lead

DEADLINE_S = 20


@pytest.fixture
def acted(monkeypatch) -> defaultdict[int, threading.Event]:
    """Whether somebody has acted, by the `id` of its parts; takes the place of a round."""
    found: defaultdict[int, threading.Event] = defaultdict(threading.Event)
    monkeypatch.setattr(reconciler, "reconcile", lambda parts: found[id(parts)].set())
    return found


@contextmanager
def leading(parts: Parts) -> Iterator[threading.Event]:
    """Somebody who tries to lead; yields what tells it to stop."""
    stop = threading.Event()
    thread = threading.Thread(target=reconciler.lead_rounds, args=(parts, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


@pytest.mark.timeout(30)
def test_of_two_only_one_leads(new_process, acted):
    first, second = new_process(), new_process()
    with contend_for_lead(second) as leads:
        with leading(first):
            assert acted[id(first)].wait(DEADLINE_S)
            assert [leads(), leads()] == [False, False]
        # Postgres frees the lock when it has noticed that the session is closed.
        wait_for(lambda: leads() or None, "the lock to be free", DEADLINE_S)
        assert leads()


def test_the_lead_passes_on_when_the_first_one_ends(new_process, acted):
    first, second = new_process(), new_process()
    with leading(first):
        assert acted[id(first)].wait(DEADLINE_S)
    with leading(second):
        assert acted[id(second)].wait(DEADLINE_S)


@pytest.mark.parametrize("new_process", ["servers"], indirect=True)
def test_who_loses_the_connection_leads_no_longer(new_process, acted):
    """Postgres frees the lock with the session, so somebody else may lead already."""
    first, second = new_process(), new_process()
    with leading(first):
        assert acted[id(first)].wait(DEADLINE_S)
        with second.db.rebuild() as connection:  # as the login, which may do so
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            )
        with leading(second):
            assert acted[id(second)].wait(DEADLINE_S)


def test_the_stage_of_a_dead_worker_waits_again(new_process):
    parts = new_process()
    _, run_id = factories.create_dub(parts.db)
    factories.claim_stage(parts.db, run_id, Stage.ASR, lease_s=-1)
    reconcile.reconcile(parts)
    row = one(parts, select(StageRun.state, StageRun.error).where(StageRun.stage == Stage.ASR))
    assert (row.state, row.error["kind"]) == ("waiting", "worker_lost")


def test_a_stage_that_kills_its_workers_is_dead_in_the_end(new_process):
    parts = new_process()
    job_id, run_id = factories.create_dub(parts.db)
    for _ in range(parts.settings.max_attempts):
        with parts.db.write() as connection:
            connection.execute(update(StageRun).values(retry_at=None))
        factories.claim_stage(parts.db, run_id, Stage.ASR, lease_s=-1)
        reconcile.reconcile(parts)
    [stage] = views.read_job_view(parts.db, LOCAL_USER, job_id)["stages"]
    assert (stage["state"], stage["attempt"]) == ("dead", parts.settings.max_attempts)
    assert one(parts, select(Run.state)).state == "failed"


def test_a_living_worker_keeps_its_stage(new_process):
    parts = new_process()
    claim = factories.claim_stage(parts.db, factories.create_dub(parts.db)[1], Stage.ASR)
    reconcile.reconcile(parts)
    leases.heartbeat(parts.db, claim, 0.5)


@pytest.mark.parametrize("new_process", ["embedded"], indirect=True)
def test_a_message_of_an_embedded_house_is_a_file(new_process):
    parts = new_process()
    factories.create_dub(parts.db)
    make_due(parts)
    reconcile.reconcile(parts)
    queue = parts.settings.dubline_home / "broker" / "queue"
    [message] = queue.iterdir()
    assert "run_asr" in Path(message).read_text()


@pytest.mark.parametrize("new_process", ["servers"], indirect=True)
def test_after_redis_has_lost_everything_all_runs_are_sent_again(new_process, redis_url):
    parts = new_process()
    runs = [factories.create_dub(parts.db)[1] for _ in range(2)]
    factories.do_stage(parts.db, runs[1], Stage.ASR)
    with redis.Redis.from_url(redis_url) as client:
        reconcile.reconcile(parts)
        put_off(parts)
        reconcile.reconcile(parts)
        assert (client.llen("asr"), client.llen("mt")) == (1, 1), "sent without any need"
        client.flushall()
        reconcile.reconcile(parts)
        assert (client.llen("asr"), client.llen("mt")) == (1, 1)


def test_a_broker_out_of_reach_is_tried_again_and_stops_nothing_else(new_parts, postgres_url):
    parts = new_parts(database_url=postgres_url, broker_url=f"redis://127.0.0.1:{free_port()}/0")
    _, run_id = factories.create_dub(parts.db)
    factories.claim_stage(parts.db, run_id, Stage.ASR, lease_s=-1)
    reconcile.reconcile(parts)
    assert one(parts, select(StageRun.state).where(StageRun.stage == Stage.ASR)).state == "waiting"
    assert one(parts, select(Outbox.run_id)).run_id == run_id


def test_a_lease_that_was_renewed_meanwhile_stops_no_other(new_process, monkeypatch):
    """Between finding a lease that ran out and writing so, its worker finishes."""
    parts = new_process()
    quick = factories.claim_stage(
        parts.db, factories.create_dub(parts.db)[1], Stage.ASR, lease_s=-1
    )
    dead = factories.claim_stage(parts.db, factories.create_dub(parts.db)[1], Stage.ASR, lease_s=-1)
    found = leases.find_expired(parts.db)
    transitions.succeed(parts.db, quick, factories.build_success(quick))
    monkeypatch.setattr(leases, "find_expired", lambda _: found)
    reconcile.reconcile(parts)
    states = {quick.id: "succeeded", dead.id: "waiting"}
    for marker, state in states.items():
        assert one(parts, select(StageRun.state).where(StageRun.id == marker)).state == state


def test_a_stage_that_cannot_be_taken_stops_no_other(new_process, monkeypatch):
    """Red without catching what nobody expected: the reconciler ends, at each start again."""
    parts = new_process()
    runs = [factories.create_dub(parts.db)[1] for _ in range(2)]
    odd, dead = [factories.claim_stage(parts.db, run, Stage.ASR, lease_s=-1) for run in runs]
    fail = transitions.fail

    def refuse_odd(db: Database, lease: leases.Lease, *more: object) -> None:
        if lease.id == odd.id:
            raise ValueError("what nobody thought of")
        fail(db, lease, *more)

    monkeypatch.setattr(transitions, "fail", refuse_odd)
    reconcile.reconcile(parts)
    states = {odd.id: "running", dead.id: "waiting"}
    for marker, state in states.items():
        assert one(parts, select(StageRun.state).where(StageRun.id == marker)).state == state


def test_waiting_for_the_lead_takes_one_connection(new_process, acted):
    """Red where each try to lead opens a connection of its own."""
    first, second = new_process(), new_process()
    opened: list[object] = []
    with leading(first):
        assert acted[id(first)].wait(DEADLINE_S)
        event.listen(second.db.engine, "connect", lambda connection, _: opened.append(connection))
        with contend_for_lead(second) as leads:
            assert not any(leads() for _ in range(5))
    assert len(opened) <= 1


def one(parts: Parts, query):
    with parts.db.read() as connection:
        return connection.execute(query).one()


def make_due(parts: Parts) -> None:
    with parts.db.write() as connection:
        connection.execute(update(Outbox).values(due_at=from_now(0)))


def put_off(parts: Parts) -> None:
    with parts.db.write() as connection:
        connection.execute(update(Outbox).values(due_at=from_now(600)))
