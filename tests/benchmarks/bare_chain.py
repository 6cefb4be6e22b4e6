"""The yardstick: a Celery app with four tasks that do nothing, and the driver that sends them.

Celery's defaults, but for results, which Dubline does not keep either.
"""

import os
import time

from celery import Celery, chain
from redis import Redis

from tests.benchmarks.processes import obey

BROKER = "BARE_BROKER"
DONE = "done"

app = Celery("bare", broker=os.environ.get(BROKER))
app.conf.update(task_ignore_result=True, worker_concurrency=2)


@app.task(name="first")
def first() -> None:
    """Nothing."""


@app.task(name="second")
def second() -> None:
    """Nothing."""


@app.task(name="third")
def third() -> None:
    """Nothing."""


@app.task(name="last")
def last() -> None:
    """Count the chain as done: the one thing that must be known from outside."""
    _redis.incr(DONE)


_redis = Redis.from_url(os.environ.get(BROKER, "redis://"))


def _do(jobs: int) -> None:
    _redis.set(DONE, 0)
    for _ in range(jobs):
        chain(first.si(), second.si(), third.si(), last.si()).apply_async()
    while int(_redis.get(DONE) or 0) < jobs:
        time.sleep(0.02)


if __name__ == "__main__":
    obey(_do)
