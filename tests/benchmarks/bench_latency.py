"""How soon work starts, and how long reading takes, with few and many finished jobs in the tables.

    python -m tests.benchmarks.bench_latency [FINISHED ...]

One job at a time comes in by HTTP, with stub providers. Times are the database's: from the moment
at which a job is accepted, which is before its 202, to the start of its first stage; and from a
stage's end to the start of the next. Prints a Markdown table.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from backend.core import schema
from backend.core.models import JobEvent, Outbox, StageRun
from tests import factories, servers
from tests.benchmarks import history
from tests.benchmarks.bench_throughput import JOBS, WARM, dubline, measured
from tests.benchmarks.house import House
from tests.chaos.house import wait_for

SAMPLES = 40
TEXT = "Hello there.\nHow are you?\n"


def main() -> None:
    """Measure and print."""
    print("| house | finished jobs | jobs a second | accepted to first stage, p50 / p95 |", end="")
    print(" stage to stage, p50 / p95 | GET /v1/jobs | GET /v1/jobs/{id} |")
    print("|---|---|---|---|---|---|---|")
    for finished in [int(word) for word in sys.argv[1:]] or [10, 1000, 100_000]:
        with on_servers() as house:
            fill(house, finished)
            _print("servers", finished, throughput(house), *seen(house, ("api", "worker", "reconciler")))
    with embedded() as house:
        _print("embedded", 0, None, *seen(house, ("embedded",)))
