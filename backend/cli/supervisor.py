"""The embedded stack: API, worker and reconciler as child processes of this one."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click
from filelock import Timeout

from backend.cli.child import ChildProcess, may_restart
from backend.cli.stack_files import StackFiles
from backend.process import lifeline
from backend.process.lifeline import GRACE_S
from backend.process.listener import listen
from backend.process.start_errors import explain_error
from backend.settings import Settings
from backend.settings.checks import check_identity
from backend.settings.server import format_url

if TYPE_CHECKING:
    from backend.database.engine import Database


class StackError(click.ClickException):
    """The stack cannot be started or kept up."""


@dataclass
class Stack:
    """A context: inside it the stack runs, and `url` is where its API is reached.

    `logs` is the folder for the children's logs; None lets them write to this terminal. Whoever
    enters holds the lock for starting. Raises `StackError` where a stack runs already or does not
    start, and `OSError` where the address is taken.
    """

    settings: Settings
    logs: Path | None = None
    url: str = ""
    _children: list[ChildProcess] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    failed: threading.Event = field(default_factory=threading.Event)
    # Why it is to end; a queue, because signal handlers may put something in whenever they run.
    _reasons: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def __enter__(self) -> Self:
        check_identity(self.settings)
        with ExitStack() as held:
            self._hold_home(held)
            host = self.settings.api_host
            self._listener = held.enter_context(listen(host, self.settings.api_port))
            self.url = format_url(host, self._listener.getsockname()[1])
            held.callback(self._end_children)
            self._start_all()
            self.files.url.write_text(self.url)
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        with self.files.open_start_lock() as ending:
            ending.take()  # whoever comes now waits, and then starts a stack of its own
            self.files.url.unlink(missing_ok=True)
            self._held.close()

    def request_end(self, reason: str) -> None:
        """Let `wait` return; from any thread, also out of a signal handler."""
        self._reasons.put(reason)

    def wait(self) -> str:
        """Wait until the end is asked for or the stack cannot go on; returns the reason."""
        return self._reasons.get()

    @property
    def files(self) -> StackFiles:
        """What users of this stack find it by."""
        return StackFiles(self.settings.dubline_home)

    def _hold_home(self, held: ExitStack) -> None:
        life = held.enter_context(self.files.open_life_lock())
        if not life.try_take():
            raise StackError(
                f"Dubline already runs on {self.settings.dubline_home}: use that one, wait until "
                "the commands that use it are done, or set DUBLINE_HOME to another folder"
            )
        self.files.write_process_id(os.getpid())
        for told in (self.files.url, self.files.failure):  # by a stack that was killed
            told.unlink(missing_ok=True)

    def _start_all(self) -> None:
        """The API is waited for: it has the processors first, and serves when the home is ready."""
        api = self._start_role("api")
        _recover(self.settings)
        api.let_serve()
        self._wait_for_api(api)
        for role in ("worker", "reconciler"):
            self._start_role(role)
        for child in self._children:
            threading.Thread(target=self._keep_running, args=(child,), daemon=True).start()

    def _start_role(self, role: str) -> ChildProcess:
        child = ChildProcess(role, self.logs and self.logs / f"{role}.log")
        self._start_child(child)
        self._children.append(child)
        return child

    def _wait_for_api(self, api: ChildProcess) -> None:
        ready = api.process.stdout
        if ready is None or not ready.readline():
            api.wait_for_end()
            raise StackError(f"The API did not start: {self._explain_end(api)}")

    def _end_children(self) -> None:
        self._stopping.set()
        for child in self._children:
            child.ask_to_end()
        for child in self._children:
            child.wait_until_ended()

    def _start_child(self, child: ChildProcess) -> None:
        environment = os.environ | {
            "API_HOST": self.settings.api_host,
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
                self.request_end("failed")

    def _may_go_on(self, child: ChildProcess) -> bool:
        """Wait for the child's end, and tell of it; returns whether to start it again."""
        child.wait_for_end()
        if self._stopping.is_set():
            return False
        again = may_restart(child.errors)
        what = "ended unexpectedly: starting it again" if again else "keeps ending"
        told = f"{child.role} {what}: {self._explain_end(child)}"
        click.echo(told, err=True)
        if not again:
            self.files.failure.write_text(told)
        return again

    def _restart_child(self, child: ChildProcess) -> None:
        if child.role == "worker":
            _free_all_work(self.settings)
        self._start_child(child)
        child.let_serve()

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
    from backend.database import schema  # here and below: while the API is starting already

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
    from backend.runs import leases, outbox

    with _open_database(settings) as db:
        leases.expire_all_leases(db)
        with db.write() as connection:
            outbox.wake_all(connection)


@contextmanager
def _open_database(settings: Settings) -> Iterator["Database"]:
    from backend.wiring import Parts

    db = Parts(settings).db
    try:
        yield db
    finally:
        db.engine.dispose()
