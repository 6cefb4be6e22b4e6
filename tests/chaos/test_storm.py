"""Many jobs while workers, Redis and Postgres are killed at random: every job ends, once.

The blows follow from a printed seed (`--chaos-seed`); `make chaos` runs 500 jobs, `make test` a
few. What turns it red, and was tried: docs/adr/0003.
"""

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import psutil
import pytest
from sqlalchemy import func, select

from backend.database.models.jobs import JobEvent
from backend.database.models.runs import Artifact, StageRun
from backend.pipeline.stages import Stage
from backend.retention import garbage
from tests.chaos.house import House, check_invariants
from tests.servers import Server

WORKERS = 2
# How often each blow falls, beside the others.
WEIGHTS = {
    "kill a child": 6,
    "kill a worker": 4,
    "stop a worker": 3,
    "pause a worker": 2,
    "kill a reconciler": 1,
    "lose Redis": 1,
    "crash Postgres": 1,
}
PAUSE_S = 4  # longer than the house's lease
# Between two blows so many stages succeed at most, and so many seconds pass if none does.
MOST_BETWEEN = 12
STALE_S = 15

pytestmark = pytest.mark.parametrize("house", ["servers"], indirect=True)


class Storm:
    """Keeps workers and reconcilers running, as a supervisor does, and strikes them."""

    def __init__(self, house: House, redis: Server, postgres: Server, seed: int) -> None:
        self._house = house
        self._redis = redis
        self._postgres = postgres
        self._random = random.Random(seed)
        self.blows: list[str] = []
        self._roles = ["worker"] * WORKERS + ["reconciler"] * 2
        self._processes = [house.start(role) for role in self._roles]

    def strike(self) -> None:
        """One blow; then start again what has ended."""
        blow = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        self.blows.append(blow)
        self._acts()[blow]()
        for index, process in enumerate(self._processes):
            if process.poll() is not None:
                self._processes[index] = self._house.start(self._roles[index])

    def _acts(self) -> dict[str, Callable[[], None]]:
        return {
            "kill a child": self._kill_child,
            "kill a worker": lambda: self._end(self._worker(), signal.SIGKILL),
            "stop a worker": lambda: self._end(self._worker(), signal.SIGTERM),
            "pause a worker": self._pause,
            "kill a reconciler": lambda: self._end(self._processes[-1], signal.SIGKILL),
            "lose Redis": lambda: self._crash(self._redis, signal.SIGKILL),
            "crash Postgres": lambda: self._crash(self._postgres, signal.SIGQUIT),
        }

    def calm(self, over: threading.Event) -> bool:
        """Wait for the next blow, on a slow machine longer; returns whether the storm is over."""
        enough = self._succeeded() + self._random.randint(1, MOST_BETWEEN)
        deadline = time.monotonic() + STALE_S
        while self._succeeded() < enough and time.monotonic() < deadline and not over.wait(0.1):
            continue
        return over.is_set()

    def _succeeded(self) -> int:
        with self._house.parts.db.read() as connection:
            query = select(func.count()).where(JobEvent.type == "stage.succeeded")
            return connection.execute(query).scalar_one()

    def _worker(self) -> subprocess.Popen[bytes]:
        return self._processes[self._random.randrange(WORKERS)]

    def _kill_child(self) -> None:
        children = psutil.Process(self._worker().pid).children()
        if children:
            self._random.choice(children).kill()

    def _end(self, process: subprocess.Popen[bytes], signum: int) -> None:
        process.send_signal(signum)
        process.wait(60)

    def _pause(self) -> None:
        worker = self._worker()
        self._house.signal_all(worker, signal.SIGSTOP)
        threading.Timer(PAUSE_S, self._wake, [worker]).start()

    def _wake(self, worker: subprocess.Popen[bytes]) -> None:
        if worker.poll() is None:
            self._house.signal_all(worker, signal.SIGCONT)

    def _crash(self, server: Server, signum: int) -> None:
        server.stop(signum)
        server.start()


@contextmanager
def raging(storm: Storm) -> Iterator[None]:
    """Strike again and again in the background; an error of the storm itself fails the test."""
    over = threading.Event()
    errors: list[Exception] = []

    def rage() -> None:
        try:
            while not storm.calm(over):
                storm.strike()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=rage)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not errors, errors


def _submit_job(house: House, number: int) -> UUID:
    lines = "".join(f"This is line {line} of job {number}.\n" for line in range(3))
    return house.submit(lines, *(("es", "pt") if number % 5 == 0 else ("es",)))


def test_every_job_ends_once_whatever_dies(
    house: House,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
    redis_server: Server,
    postgres_server: Server,
) -> None:
    jobs = 500 if request.config.getoption("--chaos") else 12
    seed: int = request.config.getoption("--chaos-seed")
    storm = Storm(house, redis_server, postgres_server, seed)
    with raging(storm):
        job_ids = [_submit_job(house, number) for number in range(jobs)]
        ended = [house.wait_for_end(job_id, deadline_s=60 + 5 * jobs) for job_id in job_ids]
    tell = partial(_tell, capfd)
    tell(f"\n{jobs} jobs, seed {seed}: {dict(Counter(storm.blows))}")
    assert {job["status"] for job in ended} == {"succeeded"}
    for job_id in job_ids:
        check_invariants(house.parts, job_id)
    _check_purchases(house, storm, tell)
    _check_storage(house, tell)


def _tell(capfd: pytest.CaptureFixture[str], text: str) -> None:
    """Show what became of the storm, whether it ends well or not."""
    with capfd.disabled():
        print(text, flush=True)


def _check_purchases(house: House, storm: Storm, tell: Callable[[str], None]) -> None:
    """A blow costs what was being bought in that moment, and nothing that was bought before."""
    bought = house.purchases()
    again = sum(bought.values()) - len(bought)
    tell(f"{len(bought)} purchases, {again} of them twice")
    assert again <= 2 * len(storm.blows)
    with house.parts.db.read() as connection:
        claims = connection.execute(
            select(func.sum(StageRun.fence)).where(StageRun.stage == Stage.MT)
        ).scalar_one()
    calls = sum(times for what, times in bought.items() if what.startswith("mt "))
    assert calls <= claims


def _check_storage(house: House, tell: Callable[[str], None]) -> None:
    """What dead attempts left, and what is kept for later, can be told from what is in use."""
    parts = house.parts
    everything = dict.fromkeys((*garbage.MADE, *garbage.KEPT), timedelta(seconds=-5))
    left = garbage.collect_garbage(parts.db, parts.store, parts.scratch, everything, delete=True)
    tell(f"{len(list(left))} objects that no artifact names, collected")
    with parts.db.read() as connection:
        named = set(connection.execute(select(Artifact.object_key)).scalars())
    stored = {one.key for one in parts.store.list_objects("jobs/")}
    assert stored == {key for key in named if key.startswith("jobs/")}
