"""A command's share in the embedded stack of its home, which all commands there use together.

The first one starts it, the last one ends it, whoever that is and however the others ended: who
uses it is told by locks (see stack_files.py). `dubline up` is a user too, and the stack at once.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import click

from backend.cli.stack_files import StackFiles
from backend.process.disk_errors import require_writable
from backend.process.locks import SharedLock
from backend.process.start_errors import explain_error, find_error
from backend.settings import Settings


class StackLease:
    """The right to use a stack: as long as somebody has it, the stack lives.

    `url` is where its API is reached; `last` is whether this command was the last one, and ended
    the stack.
    """

    def __init__(self, settings: Settings) -> None:
        self._files = StackFiles(settings.dubline_home)
        self._users = self._files.open_users_lock()
        self._news: IO[str] | None = None
        self.url = ""
        self.last = False

    def take(self) -> None:
        """Wait for a stack that is ending, then find one that runs or start one."""
        if not self._users.try_share():
            click.echo("Waiting for Dubline to hand back earlier work ...", err=True)
            self._users.share()
        self.url = self._find_or_start()

    def renew(self) -> str:
        """The URL of the next stack; raises `ClickException` where the one in use gave up."""
        self.read_news()
        if self._files.failure.exists():
            raise click.ClickException(f"Dubline cannot go on: {self._files.failure.read_text()}")
        self.url = self._find_or_start()
        return self.url

    def read_news(self) -> None:
        """Tell what the stack has told since the last time."""
        if self._news is None:
            self._files.log.parent.mkdir(parents=True, exist_ok=True)
            self._news = self._files.log.open("a+", encoding="utf-8")
        for line in self._news:
            click.echo(line.rstrip(), err=True)

    def release(self) -> None:
        """Let go of the stack; who is the last to do so ends it, and waits until it has ended."""
        self.last = self._users.try_take()
        if self.last:  # otherwise others go on with what this one began
            self._end_stack()
        self._users.close()
        if self._news:
            self._news.close()

    def _find_or_start(self) -> str:
        with self._files.open_start_lock() as starting:
            starting.take()
            self.read_news()
            if self._is_alive():
                return self._files.url.read_text()
            self._start(starting)
        with self._files.open_start_lock() as starting:
            starting.share()  # the stack lets go of it when it is ready, or has ended
            if self._is_alive():
                return self._files.url.read_text()
        raise click.ClickException(self._explain_end())

    def _start(self, starting: SharedLock) -> None:
        require_writable(self._files.home)  # a full disk takes no log that would tell why
        click.echo("Starting Dubline on this machine ...", err=True)
        command = [sys.executable, "-m", "backend.cli.main", "stack"]
        with self._files.log.open("ab") as log:
            subprocess.run(
                [*command, f"--start-fd={starting.descriptor}"],
                check=False,  # it leaves a process behind; why that ended is in the log
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"DUBLINE_HOME": str(self._files.home)},
                pass_fds=[starting.descriptor],
                start_new_session=True,  # Ctrl-C is for this command; others may use the stack
            )

    def _is_alive(self) -> bool:
        with self._files.open_life_lock() as life:
            return not life.try_share()

    def _explain_end(self) -> str:
        error = find_error(self._news.read() if self._news else "")
        told = explain_error(error, self._files.home)
        return told or f"{error or 'Dubline did not start'}: see {self._files.log}"

    def _end_stack(self) -> None:
        with self._files.open_life_lock() as life:
            with self._files.open_start_lock() as starting:
                # One that starts still will see by itself that nobody is left.
                if not starting.try_share() or life.try_share():
                    return
                with suppress(ProcessLookupError):
                    os.kill(self._files.read_process_id(), signal.SIGTERM)
            life.share()


@contextmanager
def lease_stack(settings: Settings) -> Iterator[StackLease]:
    """A share in the stack of this home."""
    lease = StackLease(settings)
    try:
        lease.take()
        yield lease
    finally:
        lease.release()
