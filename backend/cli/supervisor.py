"""The embedded stack: API, worker and reconciler as child processes of one command."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import click
from filelock import FileLock, Timeout

from backend.cli.child import ChildProcess, may_restart
from backend.database import schema
from backend.database.engine import Database
from backend.process import lifeline
from backend.process.lifeline import GRACE_S
from backend.process.listener import listen
from backend.process.start_errors import explain_error
from backend.runs import leases, outbox
from backend.settings import Settings
from backend.wiring import Parts

ROLES = ("api", "reconciler", "worker")


class StackError(click.ClickException):
    """The stack cannot be started or kept up."""


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
        with ExitStack() as held:
            self._hold_home(held)
            _recover(self.settings)
            self._listener = held.enter_context(
                listen(self.settings.api_host, self.settings.api_port)
            )
            port = self._listener.getsockname()[1]
            self.url = f"http://{self.settings.api_host}:{port}"
            held.callback(self._end_children)
            self._start_children()
            _build_url_path(self.settings).write_text(self.url)
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._held.close()

    def _hold_home(self, held: ExitStack) -> None:
        self.settings.dubline_home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.settings.dubline_home / "dubline.lock")
        try:
            held.enter_context(lock.acquire(blocking=False))
        except Timeout:
            raise StackError(
                f"Dubline already runs on {self.settings.dubline_home}: use that one, or set "
                "DUBLINE_HOME to another folder"
            ) from None

    def _start_children(self) -> None:
        for role in ROLES:
            child = ChildProcess(role, self.logs and self.logs / f"{role}.log")
            self._start_child(child)
            self._children.append(child)
        self._wait_for_api(self._children[0])
        for child in self._children:
            threading.Thread(target=self._keep_running, args=(child,), daemon=True).start()

    def _wait_for_api(self, api: ChildProcess) -> None:
        ready = api.process.stdout
        if ready is None or not ready.readline():
            api.wait_for_end()
            raise StackError(f"The API did not start: {self._explain_end(api)}")

    def _end_children(self) -> None:
        self._stopping.set()
        _build_url_path(self.settings).unlink(missing_ok=True)
        for child in reversed(self._children):
            child.end()

    def _start_child(self, child: ChildProcess) -> None:
        environment = os.environ | {
            "API_PORT": self.url.rpartition(":")[2],
            "DUBLINE_HOME": str(self.settings.dubline_home),
            lifeline.SETTING: "1",
        }
        if self.logs is None and sys.stderr.isatty():  # theirs is a pipe to this terminal
            environment["FORCE_COLOR"] = "1"
        child.start(environment, self._listener.fileno() if child.role == "api" else None)

    def _keep_running(self, child: ChildProcess) -> None:
        try:
            while self._may_go_on(child):
                self._restart_child(child)
        finally:
            # Also when starting it failed: nobody must wait for a stack that is not there.
            if not self._stopping.is_set():
                self.failed.set()

    def _may_go_on(self, child: ChildProcess) -> bool:
        """Wait for the child's end, and tell of it; returns whether to start it again."""
        child.wait_for_end()
        if self._stopping.is_set():
            return False
        again = may_restart(child.errors)
        what = "ended unexpectedly: starting it again" if again else "keeps ending"
        click.echo(f"{child.role} {what}: {self._explain_end(child)}", err=True)
        return again

    def _restart_child(self, child: ChildProcess) -> None:
        if child.role == "worker":
            _free_all_work(self.settings)
        self._start_child(child)

    def _explain_end(self, child: ChildProcess) -> str:
        """Why the child ended, and what to do about it, in one line."""
        error = child.errors[-1]
        told = explain_error(error, self.settings.dubline_home)
        if told:
            return told
        code = child.process.returncode
        cause = error or (f"killed by signal {-code}" if code < 0 else f"exit code {code}")
        return f"{cause}: see {child.log}" if child.log else cause


def _recover(settings: Settings) -> None:
    """Nobody works on this home now: what was running is free to be taken up at once."""
    _wait_for_old_worker(settings)
    with _open_database(settings) as db:
        schema.migrate(db)
    _free_all_work(settings)
    for message in (settings.dubline_home / "broker" / "queue").glob("*"):
        message.unlink()


def _wait_for_old_worker(settings: Settings) -> None:
    """The worker of a stack that was killed still has its grace to hand its work back."""
    lock = lifeline.build_worker_lock(settings.dubline_home)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        click.echo("Waiting for the worker of an earlier start to end ...", err=True)
        lock.acquire(timeout=2 * GRACE_S)
    lock.release()


def _free_all_work(settings: Settings) -> None:
    """Let what a dead worker held be taken up at once; call only when no worker lives."""
    with _open_database(settings) as db:
        leases.expire_all_leases(db)
        with db.write() as connection:
            outbox.wake_all(connection)


@contextmanager
def _open_database(settings: Settings) -> Iterator[Database]:
    db = Parts(settings).db
    try:
        yield db
    finally:
        db.engine.dispose()


def find_running_url(settings: Settings) -> str | None:
    """The URL of a stack that runs on this home, if one does."""
    try:
        return _build_url_path(settings).read_text()
    except FileNotFoundError:
        return None


def _build_url_path(settings: Settings) -> Path:
    return settings.dubline_home / "url"
