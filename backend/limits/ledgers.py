"""Where the gates of the providers are kept, so that all workers share them (see throttle.py)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from backend.database.engine import Database, from_now
from backend.database.models.limits import ProviderGate
from backend.limits import throttle
from backend.limits.throttle import Throttle, ThrottleAnswer

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline

log = structlog.get_logger()

Decision = Callable[[Throttle, float], tuple[Throttle, ThrottleAnswer]]
FIELDS = [field.name for field in fields(Throttle)]


class Ledger(Protocol):
    """Keeps a gate for each provider."""

    def decide(self, name: str, decision: Decision) -> ThrottleAnswer:
        """Change a gate by a pure decision on its state and the time; nobody comes between."""


class Throttles:
    """Asks for calls, and tells how they ended; `rates` are calls a minute by provider."""

    def __init__(self, ledger: Ledger, rates: Mapping[str, float]) -> None:
        self._ledger = ledger
        self._rates = rates

    def request_call(self, name: str) -> ThrottleAnswer:
        """Ask for one call of a provider."""
        interval = 60 / self._rates[name] if name in self._rates else 0.0
        return self._ledger.decide(name, partial(throttle.request_call, interval=interval))

    def record_outcome(self, name: str, change: throttle.ThrottleChange) -> None:
        """Note how a call ended, by one of the `record_` functions of `throttle`."""
        self._ledger.decide(name, lambda gate, now: (change(gate, now), ThrottleAnswer(True)))


class DatabaseLedger:
    """A row for each provider, for those who have no Redis."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def decide(self, name: str, decision: Decision) -> ThrottleAnswer:
        """See `Ledger`."""
        mine = ProviderGate.name == name
        stored = select(*(getattr(ProviderGate, field) for field in FIELDS)).where(mine)
        # Both kinds of database understand this form of it.
        ensured = (
            insert(ProviderGate).values(name=name, **asdict(Throttle())).on_conflict_do_nothing()
        )
        with self._db.write() as connection:
            connection.execute(ensured)
            row = connection.execute(stored.with_for_update()).one()
            now = connection.execute(select(from_now(0))).scalar_one().timestamp()
            gate, answer = decision(Throttle(*row), now)
            connection.execute(update(ProviderGate).where(mine).values(asdict(gate)))
        return answer


class RedisLedger:
    """A key for each provider. Redis out of reach stops nobody: then the vendor itself limits."""

    def __init__(self, client: "Redis") -> None:
        self._redis = client

    def decide(self, name: str, decision: Decision) -> ThrottleAnswer:
        """See `Ledger`."""
        from redis import RedisError  # 0.2 s that only those pay who have a Redis

        key = f"dubline:gate:{name}"

        def step(pipe: "Pipeline") -> ThrottleAnswer:
            kept = pipe.get(key)
            seconds, micros = pipe.time()
            gate, answer = decision(
                Throttle(**json.loads(kept)) if kept else Throttle(), seconds + micros / 1e6
            )
            pipe.multi()
            pipe.set(key, json.dumps(asdict(gate)))
            return answer

        try:
            # redis-py's types do not know that with this option the answer is what `step` returned
            answer = self._redis.transaction(step, key, value_from_callable=True)  # type: ignore[arg-type]
        except RedisError as error:
            log.warning("no pacing: Redis is out of reach", error=type(error).__name__)
            return ThrottleAnswer(True)
        return cast("ThrottleAnswer", answer)
