"""Running the offline engines' commands."""

import subprocess
import time
from collections.abc import Sequence
from subprocess import PIPE

from backend.errors import Permanent, Transient
from backend.process.interrupt import check_interrupt

TIMEOUT_S = 120
LOOK_EVERY_S = 0.5


def run_tool(command: Sequence[str], stdin: bytes, *, package: str) -> bytes:
    """The command's output.

    Raises `Permanent` that names the Debian package when the command is not installed, and
    `Transient` when it fails or hangs.
    """
    try:
        with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as tool:
            try:
                made, said = _follow_tool(tool, command[0], stdin)
            except BaseException:
                tool.kill()
                raise
    except FileNotFoundError:
        raise Permanent(f"{command[0]} is not installed: apt-get install {package}") from None
    if tool.returncode:
        told = said.decode(errors="replace").strip()[-200:]
        raise Transient(f"{command[0]} failed ({tool.returncode}): {told}")
    return made


def _follow_tool(tool: subprocess.Popen[bytes], name: str, stdin: bytes) -> tuple[bytes, bytes]:
    """What it writes to its output and its errors; looks now and then whether to stop."""
    until = time.monotonic() + TIMEOUT_S
    given: bytes | None = stdin
    while time.monotonic() < until:
        check_interrupt()
        try:
            return tool.communicate(given, timeout=LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            given = None  # what is not written yet goes on
    raise Transient(f"{name} took more than {TIMEOUT_S} s")
