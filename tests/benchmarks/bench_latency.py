"""How soon work starts, and how long reading takes, with few and many finished jobs in the tables.

    python -m tests.benchmarks.bench_latency [FINISHED ...]

Jobs come in by HTTP, one at a time, with stub providers. Times are the database's: from the moment
at which a job is accepted, which is before its 202, to the start of its first stage; and from a
stage's end to the start of the next one. Prints a Markdown table.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from backend.database.models.jobs import JobEvent
from backend.database.models.runs import Run, StageRun
from backend.pipeline.states import RunState
from tests import factories, servers
from tests.benchmarks import history
from tests.benchmarks.bench_throughput import JOBS, WARM, dubline, measure_side
from tests.benchmarks.house import House
from tests.chaos.house import wait_for

SAMPLES = 40
ROUNDS = 3
TEXT = "Hello there.\nHow are you?\n"
COLUMNS = (
    "finished jobs",
    "jobs a second",
    "accepted to first stage, p50 / p95, ms",
    "stage to stage, p50 / p95, ms",
    "GET /v1/jobs, p50 / p95, ms",
    "GET /v1/jobs/{id}, p50 / p95, ms",
)


def main() -> None:
    """Measure and print."""
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for finished in [int(word) for word in sys.argv[1:]] or [10, 1000, 100_000]:
        with _on_servers() as house:
            _fill(house, finished)
            rate = _rate(house)
            with house.running("api", "worker", "reconciler"):
                _print(f"{finished:,}", f"{rate:.1f}", *_seen(house))
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        with house.running("embedded"):
            _print("none, embedded", "", *_seen(house))


@contextmanager
def _on_servers() -> Iterator[House]:
    with (
        TemporaryDirectory() as folder,
        servers.postgres(durable=True) as postgres,
        servers.redis_server() as redis,
    ):
        yield dubline(Path(folder), postgres.url, redis.url)


def _fill(house: House, finished: int) -> None:
    with house.running("worker"), house.driven() as driver:
        driver.do(1)
    history.multiply(house.parts.db, finished - 1)


def _rate(house: House) -> float:
    """Jobs a second, of four stages that do nothing."""
    with house.running("empty worker", "reconciler"), house.driven() as driver:
        driver.do(WARM)
        return median(measure_side(driver, JOBS["empty"]).rate for _ in range(ROUNDS))


def _seen(house: House) -> Iterator[str]:
    """What one who sends jobs now and then sees."""
    media_id = factories.text_upload(house.parts, TEXT)
    jobs = [_dub_media(house, media_id) for _ in range(SAMPLES)]
    yield _spread(_gaps(house, _first_stages(), jobs))
    yield _spread(_gaps(house, _later_stages(), jobs))
    yield _spread(_time_call(lambda: house.api.get("jobs")) for _ in range(SAMPLES))
    yield _spread(_time_call(lambda: house.api.get(f"jobs/{jobs[0]}")) for _ in range(SAMPLES))


def _dub_media(house: House, media_id: UUID) -> UUID:
    answer = house.api.post("jobs", json={"mediaId": str(media_id), "targetLanguages": ["es"]})
    job_id = UUID(answer.raise_for_status().json()["id"])
    wait_for(lambda: _has_ended(house, job_id) or None, f"job {job_id} to end")
    return job_id


def _has_ended(house: House, job_id: UUID) -> bool:
    active = select(Run.id).where(Run.job_id == job_id, Run.state == RunState.RUNNING)
    with house.parts.db.read() as connection:
        return connection.execute(active).first() is None


def _first_stages() -> Select[tuple[datetime, datetime | None]]:
    return (
        select(JobEvent.created_at, StageRun.started_at)
        .join(StageRun, StageRun.job_id == JobEvent.job_id)
        .where(JobEvent.type == "job.created", StageRun.upstream_id.is_(None))
    )


def _later_stages() -> Select[tuple[datetime | None, datetime | None]]:
    upstream = aliased(StageRun)
    return select(upstream.finished_at, StageRun.started_at).join(
        upstream, upstream.id == StageRun.upstream_id
    )


def _gaps(house: House, query: Select[Any], jobs: list[UUID]) -> list[float]:
    with house.parts.db.read() as connection:
        rows = connection.execute(query.where(StageRun.job_id.in_(jobs))).all()
    return [(then - before).total_seconds() for before, then in rows]


def _time_call(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call().raise_for_status()
    return time.perf_counter() - started


def _spread(seconds: Iterable[float]) -> str:
    found = [1000 * second for second in seconds]
    return f"{median(found):.0f} / {quantiles(found, n=20)[-1]:.0f}"


def _print(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
