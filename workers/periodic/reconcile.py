"""Send what is due, and take stages from dead workers."""

import random
from functools import partial

import structlog

from backend.broker.errors import list_broker_errors
from backend.database.errors import DatabaseFailure
from backend.errors import LeaseLost, Transient
from backend.pipeline.retry import decide_retry
from backend.runs import leases, outbox, transitions
from backend.runs.leases import Lease
from backend.runs.outbox import Message
from backend.wiring import Parts
from workers.runtime.failpoints import pass_failpoint

log = structlog.get_logger()

EPOCH_KEY = "dubline:epoch"


def reconcile(parts: Parts) -> None:
    """One round. A broker out of reach is tried again in the next; the database keeps it all."""
    _reap_expired(parts)
    try:
        _notice_lost_messages(parts)
        sent = outbox.relay(parts.db, partial(_send_message, parts), parts.settings.redispatch_s)
    except list_broker_errors() as error:
        log.warning("broker out of reach", error=type(error).__name__)
    else:
        if sent:
            log.info("relayed", messages=sent)


def _send_message(parts: Parts, message: Message) -> None:
    pass_failpoint("mid-publish", message.stage)
    parts.dispatcher.send(message)


def _reap_expired(parts: Parts) -> None:
    for lease in leases.find_expired(parts.db):
        try:
            _take_from_worker(parts, lease)
        except DatabaseFailure:
            raise  # the same would happen to the others
        except LeaseLost:
            continue  # it was slow, not dead: it renewed or finished meanwhile
        except Exception:
            # One stage that cannot be taken must not keep all others from being looked after.
            log.exception("cannot take a stage from its worker", run=str(lease.run_id))


def _take_from_worker(parts: Parts, lease: Lease) -> None:
    error = Transient(f"The worker was not heard of for {parts.settings.lease_s:g} s")
    decision = decide_retry(error, lease, parts.build_retry_policy(lease.stage), random.random)
    told = {"kind": "worker_lost", "message": str(error)}
    transitions.fail(parts.db, lease, told, decision)
    log.warning("lease expired", stage=lease.stage, language=lease.language, decision=decision)


def _notice_lost_messages(parts: Parts) -> None:
    """A Redis that lost its data lost our mark with it: then every message counts as lost."""
    if parts.settings.embedded:
        return
    if parts.redis.set(EPOCH_KEY, "1", nx=True):
        with parts.db.write() as connection:
            outbox.wake_all(connection)
