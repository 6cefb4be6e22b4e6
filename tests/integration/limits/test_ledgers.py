"""Workers agree on how fast a provider is called: by a row, or by a key in Redis."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from sqlalchemy import select, update

from backend.database import schema
from backend.database.models.limits import ProviderGate
from backend.errors import Cancelled, Pending, Permanent, RateLimited, Throttled, Transient
from backend.limits import throttle
from backend.limits.ledgers import DatabaseLedger, Ledger, RedisLedger, Throttles
from backend.pipeline.stages import Stage
from backend.wiring import Parts
from tests import factories
from workers.providers.registry import ProviderRegistry
from workers.runtime.context import WorkerContext
from workers.runtime.heartbeat import Heartbeat

CALLS = 24
A_SECOND = 60


@pytest.fixture(params=["database", "redis"])
def ledger(request, database) -> Ledger:
    if request.param == "database":
        return DatabaseLedger(database)
    return RedisLedger(redis.Redis.from_url(request.getfixturevalue("redis_url")))


def test_those_who_ask_at_once_get_one_turn_each(ledger):
    """Turns red when a ledger reads and writes without keeping others out."""
    gates = Throttles(ledger, {"vendor": A_SECOND})
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gates.request_call("vendor"), range(CALLS)))
    granted = sum(answer.granted for answer in answers)
    at_once = 1 + throttle.BURST_S + throttle.PATIENCE_S
    assert at_once <= granted <= at_once + time.monotonic() - began


def test_providers_do_not_wait_for_one_another(ledger):
    gates = Throttles(ledger, {})
    gates.record_outcome("vendor", lambda gate, now: throttle.record_rate_limit(gate, now, 60))
    assert not gates.request_call("vendor").granted
    assert gates.request_call("another").granted


def test_redis_out_of_reach_stops_nobody():
    assert Throttles(RedisLedger(redis.Redis(port=1)), {"vendor": 1}).request_call("vendor").granted


class Vendor:
    """Stands for a provider that is a service."""

    name, model, remote = "vendor", "v1", True


@pytest.fixture
def context(tmp_path: Path):
    """The context of a claimed stage, and the means to stop it."""
    parts = Parts(factories.stub_settings(tmp_path / "home"))
    schema.migrate(parts.db)
    claim = factories.claim_stage(parts.db, factories.create_dub(parts.db)[1], Stage.ASR)
    stopping = threading.Event()
    with Heartbeat(parts.db, claim, heartbeat_s=15, limit_s=60, stopping=stopping) as heartbeat:
        yield WorkerContext(
            *(parts, ProviderRegistry(parts.settings), claim, heartbeat),
            workdir=tmp_path,
            bill=[],
            used=set(),
        )
    parts.db.engine.dispose()


def call(context: WorkerContext, error: Exception | None = None) -> None:
    with context.pace_call(Vendor()):
        if error:
            raise error


def until_refused(act: Callable[[], None], error: type[Exception], most: int) -> int:
    """How often one can act until it is refused instead of ending with `error`."""
    for count in range(most):
        try:
            act()
        except RateLimited:
            return count
        except error:
            continue
    return most


def test_one_limited_call_keeps_all_others_from_the_vendor(context):
    with pytest.raises(RateLimited):
        call(context, RateLimited("slow down", 60))
    with pytest.raises(RateLimited, match="later") as refused:
        call(context)
    assert refused.value.retry_after == pytest.approx(60, abs=2)


def test_who_is_kept_to_the_rate_agreed_is_told_when_its_turn_comes(context):
    context._throttles = Throttles(context._throttles._ledger, {"vendor": 1})
    call(context)
    with pytest.raises(Throttled) as refused:
        call(context)
    assert refused.value.wait == pytest.approx(60 - throttle.BURST_S, abs=2)


def test_a_rate_limit_tells_whether_the_vendor_answered_before_it(context):
    call(context)
    with pytest.raises(RateLimited) as limited:
        call(context, RateLimited("slow down"))
    assert limited.value.advanced


def test_a_vendor_that_is_down_is_not_called_again_and_again(context):
    failing = until_refused(lambda: call(context, Transient("502")), Transient, 50)
    assert failing == throttle.TRIPS


def test_a_call_that_works_ends_the_row_of_failures(context):
    for _ in range(3):
        for _ in range(throttle.TRIPS - 1):
            with pytest.raises(Transient, match="502"):
                call(context, Transient("502"))
        call(context)


def test_a_call_that_was_under_way_as_the_gate_shut_keeps_it_shut_no_longer(context):
    """Turns red when it counts as the trial."""
    with pytest.raises(Transient, match="late"), context.pace_call(Vendor()):
        until_refused(lambda: call(context, Transient("502")), Transient, 50)
        shut = gate_of(context)
        raise Transient("late")
    assert gate_of(context) == shut


def gate_of(context: WorkerContext) -> tuple:
    with context._db.read() as connection:
        return tuple(connection.execute(select(ProviderGate.__table__)).one())


def test_a_trial_that_works_lets_everybody_call_again(context):
    """Turns red when nobody is told how it ended: there would be one call a minute for ever."""
    until_refused(lambda: call(context, Transient("502")), Transient, 50)
    with context._db.write() as connection:
        connection.execute(update(ProviderGate).values(shut_until=0.0))
    call(context)
    call(context)


def test_cancelling_is_no_failure_of_the_vendor(context):
    for _ in range(throttle.TRIPS + 1):
        with pytest.raises(Cancelled):
            call(context, Cancelled("the job"))
    call(context)


def test_a_job_that_is_not_done_is_no_failure_of_the_vendor(context):
    """Red when it counts as one: after five looks nobody may call for a while."""
    for _ in range(throttle.TRIPS + 1):
        with pytest.raises(Pending):
            call(context, Pending("at work", 5))
    call(context)


def test_a_refusal_in_the_trial_tells_that_the_vendor_is_back(context):
    """Red without `Permanent` among what counts as an answer: everybody waits another minute."""
    for _ in range(throttle.TRIPS):
        with pytest.raises(Transient):
            call(context, Transient("down"))
    with context._db.write() as connection:
        connection.execute(update(ProviderGate).values(shut_until=0.0))
    with pytest.raises(Permanent):
        call(context, Permanent("400: the language is not known"))
    call(context)
