"""Four-stage jobs a second: Dubline beside a bare Celery chain and DBOS, on the same servers.

    python -m tests.benchmarks.bench_throughput [ROUNDS]

All of them have two processes that work; the sides take turns, so that a noisy machine is noisy
for all of them. Prints a Markdown table.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psycopg

from backend.cli.processes import WORKER_OPTIONS
from backend.database import schema
from tests import servers
from tests.benchmarks import bare_chain, dbos_steps
from tests.benchmarks.house import House
from tests.benchmarks.processes import Side, busy, running

JOBS = {"celery": 400, "dbos": 200, "empty": 100, "stubs": 40}
NAMES = {
    "celery": "bare Celery chain of four empty tasks",
    "dbos": "DBOS workflow of four empty steps",
    "empty": "Dubline, four empty stages",
    "stubs": "Dubline, stub providers: a text of two lines to video-less dubs",
}
WARM = 20


class Took(NamedTuple):
    """One round of one side."""

    rate: float  # jobs a second
    busy: float  # ms of processor time a job, on all processes, servers included


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with TemporaryDirectory() as folder, ExitStack() as stack:
        postgres = stack.enter_context(servers.postgres(durable=True)).url
        redis = stack.enter_context(servers.redis_server()).url
        house = dubline(Path(folder), postgres, redis)
        ours = stack.enter_context(house.driven())
        stack.enter_context(house.running("reconciler"))
        with ExitStack() as others:
            sides = {
                "celery": others.enter_context(_celery(house.log, redis)),
                "dbos": others.enter_context(_dbos(house.log, postgres)),
                "empty": ours,
            }
            others.enter_context(house.running("empty worker"))
            took = compare(sides, rounds, house.rest)
        with house.running("worker"):
            took |= compare({"stubs": ours}, rounds, house.rest)
    _print(took)


def dubline(folder: Path, postgres: str, redis: str) -> House:
    """A Dubline with a database of its own on these servers."""
    url = new_database(postgres, "dubline")
    house = House(folder, database_url=url, broker_url=redis)
    schema.migrate(house.parts.db)
    return house


def new_database(postgres: str, name: str) -> str:
    """Make one; returns its SQLAlchemy URL."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgres}/{name}".replace("postgresql://", "postgresql+psycopg://")


def compare(sides: dict[str, Side], rounds: int, rest: Callable[[], None]) -> dict[str, list[Took]]:
    """Let the sides take turns; `rest` waits until one has left no work behind."""
    for side in sides.values():
        side.do(WARM)
    took: dict[str, list[Took]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            rest()
            took[name].append(measure_side(side, JOBS[name]))
    return took


def measure_side(side: Side, jobs: int) -> Took:
    """From the first job's start to the last one's end."""
    worked, started = busy(), time.perf_counter()
    side.do(jobs)
    seconds = time.perf_counter() - started
    return Took(jobs / seconds, 1000 * (busy() - worked) / jobs)


@contextmanager
def _celery(log: Path, redis: str) -> Iterator[Side]:
    broker = {bare_chain.BROKER: redis.removesuffix("/0") + "/1"}
    module = "tests.benchmarks.bare_chain"
    with (
        running(log, broker, "celery", "-A", module, "worker", *WORKER_OPTIONS),
        running(log, broker, module) as driver,
    ):
        yield Side(driver)


@contextmanager
def _dbos(log: Path, postgres: str) -> Iterator[Side]:
    database = {dbos_steps.DATABASE: new_database(postgres, "dbos")}
    module = "tests.benchmarks.dbos_steps"
    with running(log, database, module) as one, running(log, database, module) as other:
        yield Side(one, other)


def _print(took: dict[str, list[Took]]) -> None:
    print("| side | jobs a second: median (least to most) | processor ms a job |")
    print("|---|---|---|")
    for name, rounds in took.items():
        rates = sorted(one.rate for one in rounds)
        print(
            f"| {NAMES[name]} | {median(rates):.1f} ({rates[0]:.1f} to {rates[-1]:.1f}) "
            f"| {median(one.busy for one in rounds):.1f} |"
        )
    ours = median(one.rate for one in took["empty"])
    for name in ("celery", "dbos"):
        theirs = median(one.rate for one in took[name])
        print(f"\nDubline does {ours / theirs:.2f} of what {name} does.")


if __name__ == "__main__":
    main()
