"""Requests a second, and p95, of what clients ask for most, beside a bare Flask route.

    python -m tests.benchmarks.bench_requests [JOBS ...]

With so many finished jobs of one user in the tables, on Postgres, by HTTP. The sides take turns in
each round, so that a noisy machine is noisy for all of them. Prints a Markdown table.
"""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import httpx

from tests import factories, servers
from tests.benchmarks import history
from tests.benchmarks.bench_throughput import dubline
from tests.benchmarks.house import House
from tests.benchmarks.processes import running
from tests.servers import free_port

CLIENTS, ROUNDS, SECONDS = 4, 3, 4.0
Call = Callable[[], httpx.Response]


def main() -> None:
    """Measure and print."""
    print("| jobs | request | requests a second | p95, ms | of the bare route's rate |")
    print("|---|---|---|---|---|")
    for jobs in [int(word) for word in sys.argv[1:]] or [1000, 1_000_000]:
        with _serve(jobs) as calls:
            rounds = [{name: _measure(call) for name, call in calls.items()} for _ in range(ROUNDS)]
        bare = median(took["a bare Flask route"][0] for took in rounds)
        for name in calls:
            rate = median(took[name][0] for took in rounds)
            late = median(took[name][1] for took in rounds)
            cells = (f"{jobs:,}", name, f"{rate:.0f}", f"{late:.1f}", f"{rate / bare:.2f}")
            print(f"| {' | '.join(cells)} |", flush=True)


@contextmanager
def _serve(jobs: int) -> Iterator[dict[str, Call]]:
    with (
        TemporaryDirectory() as folder,
        servers.postgres(durable=True) as postgres,
        servers.redis_server() as redis,
    ):
        house, port = dubline(Path(folder), postgres.url, redis.url), free_port()
        job_id, run_id = factories.create_dub(house.parts.db)
        factories.do_all(house.parts.db, run_id)
        history.multiply(house.parts.db, jobs - 1)
        bare = ("tests.benchmarks.bare_flask", str(port))
        with house.running("api"), running(house.log, house.environment, *bare) as process:
            process.stdout.readline()
            yield _list_calls(house, port, str(job_id))


def _list_calls(house: House, port: int, job_id: str) -> dict[str, Call]:
    client = httpx.Client(timeout=60, limits=httpx.Limits(max_connections=CLIENTS))
    api = f"{house.settings.api_url}/v1/jobs"
    media = str(factories.text_upload(house.parts, "Hello there.\n"))
    request = {"mediaId": media, "targetLanguages": ["es"]}
    return {
        "a bare Flask route": lambda: client.get(f"http://127.0.0.1:{port}/"),
        "GET /v1/jobs/{id}": lambda: client.get(f"{api}/{job_id}"),
        "GET /v1/jobs": lambda: client.get(api),
        "GET /v1/jobs?status=failed": lambda: client.get(f"{api}?status=failed"),
        "POST /v1/jobs": lambda: client.post(api, json=request),
    }


def _measure(call: Call) -> tuple[float, float]:
    """Requests a second by all clients together, and their 95th percentile in ms."""
    until = time.perf_counter() + SECONDS
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = pool.map(lambda _: _ask(call, until), range(CLIENTS))
        took = [seconds for each in asked for seconds in each]
    return len(took) / SECONDS, 1000 * quantiles(took, n=20)[-1]


def _ask(call: Call, until: float) -> list[float]:
    took: list[float] = []
    while time.perf_counter() < until or len(took) < 2:
        started = time.perf_counter()
        call().raise_for_status()
        took.append(time.perf_counter() - started)
    return took


if __name__ == "__main__":
    main()
