"""One role's process under the supervisor: started, listened to, and judged by how it ends."""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from backend.process.lifeline import GRACE_S
from backend.process.start_errors import find_error

MOST_RESTARTS = 5
SOUND_S = 60  # who has run for so long may end as often again before the stack gives up
LAST_LINES = 200
ECHO_S = 1  # for what is still in the pipe; a grandchild that lives may keep it open


class ChildProcess:
    """A role's process; it writes to `log`, or to this terminal where that is None."""

    def __init__(self, role: str, log: Path | None) -> None:
        self.role = role
        self.log = log
        self.errors: list[str] = []  # by which it ended since it last ran soundly; "" for none

    def start(self, environment: Mapping[str, str], descriptor: int | None) -> None:
        """Start its process; the API's is given the descriptor of the socket it listens on."""
        self._started = time.monotonic()
        if self.log is None:
            self.process = self._open(environment, descriptor, None, subprocess.PIPE)
            self._last: deque[bytes] = deque(maxlen=LAST_LINES)
            self._echo = threading.Thread(target=self._echo_errors, daemon=True)
            self._echo.start()
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as file:
            self._begin = file.tell()
            self.process = self._open(environment, descriptor, file, file)

    def wait_for_end(self) -> None:
        """Wait until the process ends, and remember by which error."""
        self.process.wait()
        self._close_pipes()
        if time.monotonic() - self._started > SOUND_S:
            self.errors.clear()
        self.errors.append(self.find_error())

    def let_serve(self) -> None:
        """Tell a process that waits for it that the home is ready for it."""
        assert self.process.stdin  # noqa: S101 - a pipe, by which children follow their parent
        with suppress(BrokenPipeError):  # it ended already, which is told when it is waited for
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()

    def ask_to_end(self) -> None:
        """Tell the process to end."""
        self.process.terminate()

    def wait_until_ended(self) -> None:
        """Wait for a process that was asked to end; kill it when its grace is over."""
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close_pipes()
        if self.log is None:
            self._echo.join(ECHO_S)

    def find_error(self) -> str:
        """The error by which the process ended; "" for one that was killed or ended in order."""
        return find_error(self._read_end()) if self.process.returncode > 0 else ""

    def _open(
        self,
        environment: Mapping[str, str],
        descriptor: int | None,
        output: IO[bytes] | None,
        errors: IO[bytes] | int,
    ) -> subprocess.Popen[bytes]:
        given = () if descriptor is None else (descriptor,)
        options = [f"--fd={one}" for one in given]
        return subprocess.Popen(
            [sys.executable, "-m", "backend.cli.main", self.role, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if self.role == "api" else output,
            stderr=errors,
            env=environment,
            pass_fds=given,
            start_new_session=True,  # Ctrl-C reaches this command only, which ends them in order
        )

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def _read_end(self) -> str:
        if self.log is None:
            self._echo.join(ECHO_S)
            return b"".join(self._last).decode(errors="replace")
        with self.log.open("rb") as file:
            file.seek(self._begin)
            return b"".join(deque(file, LAST_LINES)).decode(errors="replace")

    def _echo_errors(self) -> None:
        assert self.process.stderr  # noqa: S101 - a pipe, as it writes to this terminal
        with self.process.stderr as pipe:
            for line in pipe:
                self._last.append(line)
                sys.stderr.buffer.write(line)
                sys.stderr.flush()


def may_restart(errors: Sequence[str]) -> bool:
    """Whether a process that ended by these errors, "" for none, is worth to be started again.

    One that ends by the same error twice would do so again; one that was killed would not.
    """
    same = len(errors) > 1 and errors[-1] == errors[-2] != ""
    return not same and len(errors) <= MOST_RESTARTS
