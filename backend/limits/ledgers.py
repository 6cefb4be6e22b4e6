"""Where the gates of the providers are kept, so that all workers share them (see pacing.py)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from functools import partial
from typing import Protocol, cast

import redis
import structlog
from redis.client import Pipeline
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from backend.database.engine import Database, from_now
from backend.database.models.limits import ProviderGate
from backend.limits import throttle
from backend.limits.throttle import Answer, Gate

log = structlog.get_logger()

Decision = Callable[[Gate, float], tuple[Gate, Answer]]
FIELDS = [field.name for field in fields(Gate)]


class Ledger(Protocol):
    """Keeps a gate for each provider."""

    def decide(self, name: str, decision: Decision) -> Answer:
        """Change a gate by a pure decision on its state and the time; nobody comes between."""


class Gates:
    """Asks for calls, and tells how they ended; `rates` are calls a minute by provider."""

    def __init__(self, ledger: Ledger, rates: Mapping[str, float]) -> None:
        self._ledger = ledger
        self._rates = rates

    def ask(self, name: str) -> Answer:
        """Ask for one call of a provider."""
        interval = 60 / self._rates[name] if name in self._rates else 0.0
        return self._ledger.decide(name, partial(throttle.ask, interval=interval))

    def tell(self, name: str, change: throttle.Change) -> None:
        """Note how a call ended: `pacing.worked`, `failed` or `limited`."""
        self._ledger.decide(name, lambda gate, now: (change(gate, now), Answer(True)))


class DatabaseLedger:
    """A row for each provider, for those who have no Redis."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def decide(self, name: str, decision: Decision) -> Answer:
        """See `Ledger`."""
        mine = ProviderGate.name == name
        stored = select(*(getattr(ProviderGate, field) for field in FIELDS)).where(mine)
        # Both kinds of database understand this form of it.
        ensured = insert(ProviderGate).values(name=name, **asdict(Gate())).on_conflict_do_nothing()
        with self._db.write() as connection:
            connection.execute(ensured)
            row = connection.execute(stored.with_for_update()).one()
            now = connection.execute(select(from_now(0))).scalar_one().timestamp()
            gate, answer = decision(Gate(*row), now)
            connection.execute(update(ProviderGate).where(mine).values(asdict(gate)))
        return answer


class RedisLedger:
    """A key for each provider. Redis out of reach stops nobody: then the vendor itself limits."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=0.5)

    def decide(self, name: str, decision: Decision) -> Answer:
        """See `Ledger`."""
        key = f"dubline:gate:{name}"

        def step(pipe: "Pipeline") -> Answer:
            kept = pipe.get(key)
            seconds, micros = pipe.time()
            gate, answer = decision(
                Gate(**json.loads(kept)) if kept else Gate(), seconds + micros / 1e6
            )
            pipe.multi()
            pipe.set(key, json.dumps(asdict(gate)))
            return answer

        try:
            # redis-py's types do not know that with this option the answer is what `step` returned
            answer = self._redis.transaction(step, key, value_from_callable=True)  # type: ignore[arg-type]
        except redis.RedisError as error:
            log.warning("no pacing: Redis is out of reach", error=type(error).__name__)
            return Answer(True)
        return cast("Answer", answer)
