"""The embedded stack: API, worker and reconciler as child processes of one command."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import click
from filelock import FileLock, Timeout

from backend.database import schema
from backend.database.engine import Database
from backend.process import lifeline
from backend.process.lifeline import GRACE_S
from backend.runs import leases, outbox
from backend.settings import Settings
from backend.wiring import Parts

ROLES = ("api", "reconciler", "worker")
MOST_RESTARTS = 5
SOUND_S = 60  # who has run for so long may end as often again before the stack gives up


class StackError(click.ClickException):
    """The stack cannot be started or kept up."""


@dataclass
class ChildProcess:
    """One role's process and how often it had to be started again."""

    role: str
    process: subprocess.Popen[bytes]
    restarts: int = 0


@dataclass
class Stack:
    """A context: inside it the stack runs, and `url` is where its API is reached.

    `logs` is the folder for the children's logs; None lets them write to this terminal.
    """

    settings: Settings
    logs: Path | None = None
    url: str = ""
    _children: list[ChildProcess] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    failed: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._lock = FileLock(self.settings.dubline_home / "dubline.lock")
        self.settings.dubline_home.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise StackError(
                f"Dubline already runs on {self.settings.dubline_home}: use that one, or set "
                "DUBLINE_HOME to another folder"
            ) from None
        self._recover()
        self.url = f"http://{self.settings.api_host}:{self._choose_port()}"
        self._start_children()
        _build_url_path(self.settings).write_text(self.url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stopping.set()
        _build_url_path(self.settings).unlink(missing_ok=True)
        for child in reversed(self._children):
            _end_process(child.process)
        self._lock.release()

    def _recover(self) -> None:
        """Nobody works on this home now: what was running is free to be taken up at once."""
        self._wait_for_old_worker()
        parts = Parts(self.settings)
        schema.migrate(parts.db)
        _free_all_work(parts.db)
        parts.db.engine.dispose()
        for message in (self.settings.dubline_home / "broker" / "queue").glob("*"):
            message.unlink()

    def _wait_for_old_worker(self) -> None:
        """The worker of a stack that was killed still has its grace to hand its work back."""
        lock = lifeline.build_worker_lock(self.settings.dubline_home)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            click.echo("Waiting for the worker of an earlier start to end ...", err=True)
            lock.acquire(timeout=2 * GRACE_S)
        lock.release()

    def _choose_port(self) -> int:
        if self.settings.api_port:
            return self.settings.api_port
        with socket.socket() as probe:
            probe.bind((self.settings.api_host, 0))
            port: int = probe.getsockname()[1]
            return port

    def _start_children(self) -> None:
        for role in ROLES:
            child = ChildProcess(role, self._start_process(role))
            self._children.append(child)
            threading.Thread(target=self._keep_running, args=(child,), daemon=True).start()
        ready = self._children[0].process.stdout
        if ready is None or not ready.readline():
            self.__exit__(None, None, None)
            raise StackError(f"The API did not start{self._format_log_hint('api')}")

    def _start_process(self, role: str) -> subprocess.Popen[bytes]:
        log = self._open_log(role)
        return subprocess.Popen(
            [sys.executable, "-m", "backend.cli.main", role],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if role == "api" else log,
            stderr=log,
            env=os.environ | self._build_environment(),
            start_new_session=True,  # Ctrl-C reaches this command only, which ends them in order
        )

    def _build_environment(self) -> Mapping[str, str]:
        return {
            "API_PORT": self.url.rpartition(":")[2],
            "DUBLINE_HOME": str(self.settings.dubline_home),
            lifeline.SETTING: "1",
        }

    def _open_log(self, role: str) -> IO[bytes] | None:
        if self.logs is None:
            return None
        self.logs.mkdir(parents=True, exist_ok=True)
        return (self.logs / f"{role}.log").open("ab")

    def _keep_running(self, child: ChildProcess) -> None:
        try:
            while self._wait_for_end(child):
                self._restart_child(child)
        finally:
            # Also when starting it failed: nobody must wait for a stack that is not there.
            if not self._stopping.is_set():
                self.failed.set()

    def _wait_for_end(self, child: ChildProcess) -> bool:
        """Wait for the child's end; returns whether it is to be started again."""
        started = time.monotonic()
        child.process.wait()
        if self._stopping.is_set():
            return False
        child.restarts = 0 if time.monotonic() - started > SOUND_S else child.restarts + 1
        if child.restarts > MOST_RESTARTS:
            click.echo(f"{child.role} keeps ending{self._format_log_hint(child.role)}", err=True)
        return child.restarts <= MOST_RESTARTS

    def _restart_child(self, child: ChildProcess) -> None:
        click.echo(f"{child.role} ended unexpectedly: starting it again", err=True)
        if child.role == "worker":
            _free_all_work(Parts(self.settings).db)
        child.process = self._start_process(child.role)

    def _format_log_hint(self, role: str) -> str:
        return f": see {self.logs / f'{role}.log'}" if self.logs else ""


def _free_all_work(db: Database) -> None:
    """Let what a dead worker held be taken up at once; call only when no worker lives."""
    leases.expire_all_leases(db)
    with db.write() as connection:
        outbox.wake_all(connection)


def find_running_url(settings: Settings) -> str | None:
    """The URL of a stack that runs on this home, if one does."""
    try:
        return _build_url_path(settings).read_text()
    except FileNotFoundError:
        return None


def _build_url_path(settings: Settings) -> Path:
    return settings.dubline_home / "url"


def _end_process(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
