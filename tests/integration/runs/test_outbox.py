"""Every accepted run is looked at until it ends, whatever became of its messages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select, true, update

from backend.database.engine import Database, from_now
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import Outbox, StageRun
from backend.jobs import submit
from backend.pipeline.retry import TryAgain
from backend.pipeline.stages import Stage
from backend.runs import outbox, transitions
from backend.runs.outbox import Message
from tests import factories

REDISPATCH_S = 30
ERROR = {"kind": "transient", "message": "timeout"}


class BrokerError(Exception):
    """The broker cannot be reached."""


def relay_messages(database) -> list[Message]:
    sent: list[Message] = []
    assert outbox.relay(database, sent.append, REDISPATCH_S) == len(sent)
    return sent


def make_due(database, run_id: UUID | None = None) -> None:
    """Have the relay look at all runs now, or at one."""
    which = true() if run_id is None else Outbox.run_id == run_id
    with database.write() as connection:
        connection.execute(update(Outbox).where(which).values(due_at=from_now(0)))


def due_in(database, run_id: UUID | None = None) -> float:
    """Seconds until the relay looks at the run, which is the only one if it is not named."""
    which = true() if run_id is None else Outbox.run_id == run_id
    with database.read() as connection:
        due_at, now = connection.execute(select(Outbox.due_at, from_now(0)).where(which)).one()
    return (due_at - now).total_seconds()


def fail(database, run_id, stage, language, wait) -> None:
    transitions.fail(
        database, factories.claim_stage(database, run_id, stage, language), ERROR, TryAgain(wait)
    )


def retry_passes(database, seconds: float) -> None:
    """Let time pass for the retries and the promise."""
    with database.write() as connection:
        for column in (StageRun.retry_at, Outbox.due_at):
            rows = connection.execute(select(column)).scalars().all()
            for value in filter(None, rows):
                earlier = {column.key: value - timedelta(seconds=seconds)}
                connection.execute(update(column.class_).where(column == value).values(earlier))


def test_a_fresh_run_is_left_to_the_message_of_the_api(database):
    factories.create_dub(database)
    assert relay_messages(database) == []
    assert 0 < due_in(database) <= outbox.FAST_PATH_S


def test_a_lost_first_message_is_sent_again(database):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    make_due(database)
    assert relay_messages(database) == [Message(job_id, run_id, Stage.ASR, "", ("es", "pt"), True)]


def test_a_lost_message_in_the_middle_is_sent_for_each_language_that_could_go_on(database):
    _, run_id = factories.create_dub(database, "es", "pt", "fr")
    factories.do_stage(database, run_id, Stage.ASR)
    factories.do_stage(database, run_id, Stage.MT, "es")
    factories.claim_stage(database, run_id, Stage.MT, "fr")
    make_due(database)
    sent = {(message.stage, message.language) for message in relay_messages(database)}
    assert sent == {(Stage.TTS, "es"), (Stage.MT, "pt")}


def test_what_runs_is_not_sent(database):
    _, run_id = factories.create_dub(database)
    factories.claim_stage(database, run_id, Stage.ASR)
    make_due(database)
    assert relay_messages(database) == []


def test_a_run_that_nobody_takes_up_is_sent_less_and_less_often(database):
    factories.create_dub(database)
    waits = []
    for _ in range(6):
        make_due(database)
        assert len(relay_messages(database)) == 1
        waits.append(round(due_in(database) / REDISPATCH_S))
    assert waits == [1, 2, 4, 4, 4, 4]


def test_a_run_that_got_on_is_looked_at_as_often_as_at_first(database):
    """Or a message lost late in a long run would be missed for minutes."""
    _, run_id = factories.create_dub(database)
    for _ in range(4):
        make_due(database)
        relay_messages(database)
    factories.do_stage(database, run_id, Stage.ASR)
    make_due(database)
    assert [message.stage for message in relay_messages(database)] == [Stage.MT]
    assert round(due_in(database) / REDISPATCH_S) == 1


def test_a_run_that_is_looked_at_puts_off_no_other_one(database):
    """Or a house with many runs would send nobody's lost message."""
    _, looked_at = factories.create_dub(database)
    _, other = factories.create_dub(database)
    before = promise_of(database, other)
    make_due(database, looked_at)
    assert [message.run_id for message in relay_messages(database)] == [looked_at]
    assert promise_of(database, other) == before


def promise_of(database, run_id) -> tuple:
    with database.read() as connection:
        mine = select(Outbox.__table__).where(Outbox.run_id == run_id)
        return tuple(connection.execute(mine).one())


def test_a_run_that_gets_on_brings_no_other_one_forward(database):
    """Turns red when what starts in any run counts for all of them."""
    _, stuck = factories.create_dub(database)
    _, busy = factories.create_dub(database)
    waits = []
    for _ in range(4):
        transitions.hand_back(database, factories.claim_stage(database, busy, Stage.ASR))
        make_due(database)
        assert len(relay_messages(database)) == 2
        waits.append([round(due_in(database, run) / REDISPATCH_S) for run in (stuck, busy)])
    assert waits == [[1, 1], [2, 1], [4, 1], [4, 1]]


def test_a_retry_is_sent_when_it_is_due_and_not_before(database):
    _, run_id = factories.create_dub(database)
    make_due(database)
    relay_messages(database)
    fail(database, run_id, Stage.ASR, "", 20)
    assert due_in(database) == pytest.approx(20, abs=2)
    make_due(database)
    assert relay_messages(database) == []
    assert due_in(database) == pytest.approx(20, abs=2)
    retry_passes(database, 21)
    assert [message.stage for message in relay_messages(database)] == [Stage.ASR]


def test_a_languages_late_retry_does_not_put_off_an_earlier_one(database):
    _, run_id = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run_id, Stage.ASR)
    fail(database, run_id, Stage.MT, "es", 10)
    make_due(database)
    relay_messages(database)
    fail(database, run_id, Stage.MT, "pt", 300)
    assert due_in(database) <= 10


def test_work_that_is_handed_back_is_sent_at_once(database):
    _, run_id = factories.create_dub(database)
    make_due(database)
    relay_messages(database)
    transitions.hand_back(database, factories.claim_stage(database, run_id, Stage.ASR))
    assert len(relay_messages(database)) == 1


def test_when_the_broker_fails_all_is_sent_again_soon(database):
    for _ in range(3):
        factories.create_dub(database)
    make_due(database)

    def refuse(_: Message) -> None:
        raise BrokerError

    with pytest.raises(BrokerError):
        outbox.relay(database, refuse, REDISPATCH_S)
    assert relay_messages(database) == []
    assert 0 < due_in_all(database) <= 1
    retry_passes(database, 1)
    assert len(relay_messages(database)) == 3


def due_in_all(database) -> float:
    with database.read() as connection:
        rows = connection.execute(select(Outbox.due_at, from_now(0))).all()
    return max((row[0] - row[1]).total_seconds() for row in rows)


def test_a_cancelled_run_is_not_sent(database):
    job_id, run_id = factories.create_dub(database)
    factories.do_stage(database, run_id, Stage.ASR)
    submit.cancel_job(database, LOCAL_USER, job_id)
    make_due(database)
    assert relay_messages(database) == []


def test_all_are_woken_when_the_broker_has_lost_its_messages(database):
    factories.create_dub(database)
    factories.create_dub(database)
    with database.write() as connection:
        outbox.wake_all(connection)
    assert len(relay_messages(database)) == 2


def test_two_relays_never_send_the_same(postgres_database: Database):
    """Both look at the same time; the second one passes over what the first one holds."""
    for _ in range(20):
        factories.create_dub(postgres_database)
    make_due(postgres_database)
    barrier = Barrier(2)

    def relay(_: int) -> list[Message]:
        barrier.wait()
        return relay_messages(postgres_database)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(relay, range(2))
    assert len(first) + len(second) == 20
    assert not {m.run_id for m in first} & {m.run_id for m in second}


@pytest.mark.timeout(20)
def test_a_relay_passes_over_what_another_one_holds(postgres_database: Database):
    """Without SKIP LOCKED the relay would wait here for itself."""
    factories.create_dub(postgres_database)
    make_due(postgres_database)
    with postgres_database.write() as other:
        other.execute(select(Outbox.run_id).with_for_update()).all()
        assert relay_messages(postgres_database) == []
    assert len(relay_messages(postgres_database)) == 1
