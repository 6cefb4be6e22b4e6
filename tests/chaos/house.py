"""A real house for chaos tests: worker and reconciler processes on real servers, and its doors."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psutil
from kombu.exceptions import OperationalError as KombuError
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from backend.cli.processes import WORKER_OPTIONS
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.jobs import JobEvent
from backend.database.models.runs import StageRun
from backend.jobs import views
from backend.runs import outbox
from backend.settings import Settings
from backend.wiring import Parts
from tests import factories
from tests.chaos import vendor
from workers.runtime.outages import outlast_outage

DEADLINE_S = 60

ROOT = Path(__file__).parents[2]
MODULES = {
    "worker": ["celery", "-A", "tests.chaos.app", "worker", *WORKER_OPTIONS],
    "reconciler": ["workers.reconciler"],
    "up": ["backend.cli.main", "up"],
}

T = TypeVar("T")


class House:
    """Workers and a reconciler, started and stopped by the test; everything else is real too."""

    def __init__(self, settings: Settings, gates: Path) -> None:
        self.parts = Parts(settings)
        self.gates = gates
        self._log = gates.parent / "purchases"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = (
            os.environ
            | environment(settings)
            | {
                "DUBLINE_FAILPOINTS": str(gates),
                vendor.SETTING: str(self._log),
                "PYTHONPATH": str(ROOT),
            }
        )

    def start(self, role: str) -> subprocess.Popen[bytes]:
        """Start a worker or a reconciler."""
        process = subprocess.Popen(
            [sys.executable, "-m", *MODULES[role]],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def submit(self, text: str = "", *languages: str, send: bool = True) -> UUID:
        """Accept a job as the API does, and send its first message unless that is to be lost.

        Houses share a storage: a text of its own is one of which nothing was bought before.
        """
        own = f"Hello, {uuid4()}.\nHow are you, {uuid4()}?\n"
        accept = partial(factories.submit_text, self.parts, text or own, languages or ("es",))
        job_id, run_id = outlast_outage(accept, DEADLINE_S)
        if send:
            with suppress(KombuError, OperationalError, OSError):  # then the relay sends it
                for message in outbox.read_first_messages(self.parts.db, run_id):
                    self.parts.dispatcher.send(message)
        return job_id

    def job(self, job_id: UUID) -> dict[str, Any]:
        """What a client is told of the job."""
        return views.read_job_view(self.parts.db, LOCAL_USER, job_id)

    def wait_for_end(self, job_id: UUID, deadline_s: float = DEADLINE_S) -> dict[str, Any]:
        """Wait for the job's end."""
        return wait_for(lambda: self._if_ended(job_id), f"job {job_id} to end", deadline_s)

    def _if_ended(self, job_id: UUID) -> dict[str, Any] | None:
        try:
            job = self.job(job_id)
        except OperationalError:  # the database is down on purpose
            return None
        return None if job["status"] == "running" else job

    def purchases(self) -> Counter[str]:
        """What was bought of the vendors, and how often."""
        return vendor.purchases(self._log)

    @contextmanager
    def gate(self, name: str, stage: str) -> Iterator[Callable[[], None]]:
        """Make a gate; the yielded function waits until a worker stands at it.

        At the end of the context the gate is gone, and whoever still waits there goes on.
        """
        path = self.gates / f"{name}.{stage}"
        os.mkfifo(path)
        held: list[int] = []
        try:
            yield lambda: held.append(
                wait_for(lambda: _open_gate(path), f"a worker at {path.name}")
            )
        finally:
            self.remove_gate(name, stage)
            for descriptor in held:
                os.close(descriptor)

    def remove_gate(self, name: str, stage: str) -> None:
        """Let nobody stop there any more."""
        (self.gates / f"{name}.{stage}").unlink(missing_ok=True)

    def kill_all(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL a process and all its children at once, as a power cut would."""
        self.signal_all(process, signal.SIGKILL)
        process.wait(DEADLINE_S)

    def signal_all(self, process: subprocess.Popen[bytes], signum: int) -> None:
        """Signal a process and all its children."""
        main = psutil.Process(process.pid)
        for one in [main, *main.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # it ended by itself just now
                one.send_signal(signum)

    def signal_children(self, process: subprocess.Popen[bytes], signum: int) -> None:
        """Signal the children of a process only."""
        for child in psutil.Process(process.pid).children(recursive=True):
            child.send_signal(signum)

    def role(self, process: subprocess.Popen[bytes]) -> str:
        """What a process was started as."""
        return next(role for role, module in MODULES.items() if module == process.args[2:])

    def close(self) -> None:
        """End what still runs."""
        for process in self._processes:
            if process.poll() is None:
                self.kill_all(process)
        self.parts.db.engine.dispose()


def environment(settings: Settings) -> dict[str, str]:
    """The settings as another process reads them."""
    given = settings.model_dump(exclude_unset=True)
    return {name.upper(): _write_value(value) for name, value in given.items()}


def _write_value(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def wait_for(look: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S) -> T:
    """Look again and again until there is something, for at most `deadline_s`."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {deadline_s:g} s for {what}")


def _open_gate(gate: Path) -> int | None:
    try:
        # Succeeds only when somebody has the other end open for reading.
        return os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def stages_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    """All stages of a job as a client is told of them."""
    return [*job["stages"], *(one for language in job["languages"] for one in language["stages"])]


def check_invariants(parts: Parts, job_id: UUID) -> None:
    """What must hold after every job, whatever happened; seen from outside."""
    with parts.db.read() as connection:
        seqs = connection.execute(
            select(JobEvent.seq).where(JobEvent.job_id == job_id).order_by(JobEvent.seq)
        ).scalars()
        assert list(seqs) == list(range(1, 1 + _count(connection, job_id))), "events have gaps"
        successes = connection.execute(
            select(JobEvent.run, JobEvent.stage, JobEvent.language, func.count())
            .where(JobEvent.job_id == job_id, JobEvent.type == "stage.succeeded")
            .group_by(JobEvent.run, JobEvent.stage, JobEvent.language)
        ).all()
        assert all(row[3] == 1 for row in successes), f"a stage succeeded twice: {successes}"
        states = connection.execute(
            select(StageRun.state).where(StageRun.job_id == job_id)
        ).scalars()
        assert not {"waiting", "running"} & {str(state) for state in states}
    for artifact in views.read_job_view(parts.db, LOCAL_USER, job_id)["artifacts"]:
        held = parts.store.has_object(
            artifact["object_key"], size=artifact["size"], sha256=artifact["sha256"]
        )
        assert held, f"{artifact['object_key']} has a row but no object"


def _count(connection: Any, job_id: UUID) -> int:
    query = select(func.count()).select_from(JobEvent).where(JobEvent.job_id == job_id)
    return int(connection.execute(query).scalar_one())
