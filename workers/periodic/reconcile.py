"""Send what is due, and take stages from dead workers."""

import random
from functools import partial

import redis
import structlog
from kombu.exceptions import OperationalError

from backend.errors import LeaseLost, Transient
from backend.pipeline.retry import decide_retry
from backend.runs import leases, outbox, transitions
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
    except (OperationalError, redis.RedisError, OSError) as error:
        log.warning("broker out of reach", error=type(error).__name__)
    else:
        if sent:
            log.info("relayed", messages=sent)


def _send_message(parts: Parts, message: Message) -> None:
    pass_failpoint("mid-publish", message.stage)
    parts.dispatcher.send(message)


def _reap_expired(parts: Parts) -> None:
    for lease in leases.find_expired(parts.db):
        error = Transient(f"The worker was not heard of for {parts.settings.lease_s:g} s")
        decision = decide_retry(error, lease, parts.build_retry_policy(lease.stage), random.random)
        try:
            transitions.fail(
                parts.db, lease, {"kind": "worker_lost", "message": str(error)}, decision
            )
        except LeaseLost:
            continue  # it was slow, not dead: it renewed or finished meanwhile
        log.warning("lease expired", stage=lease.stage, language=lease.language, decision=decision)


def _notice_lost_messages(parts: Parts) -> None:
    """A Redis that lost its data lost our mark with it: then every message counts as lost."""
    if parts.settings.embedded:
        return
    url = parts.settings.broker_url.get_secret_value()
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=0.5) as client:
        if client.set(EPOCH_KEY, "1", nx=True):
            with parts.db.write() as connection:
                outbox.wake_all(connection)
