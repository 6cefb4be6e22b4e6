"""Running the offline engines' commands."""

import subprocess
from collections.abc import Sequence

from backend.errors import Permanent, Transient

TIMEOUT_S = 120


def run_tool(command: Sequence[str], stdin: bytes, *, package: str) -> bytes:
    """The command's output.

    Raises `Permanent` that names the Debian package when the command is not installed, and
    `Transient` when it fails or hangs.
    """
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, timeout=TIMEOUT_S, check=True
        )
    except FileNotFoundError:
        raise Permanent(f"{command[0]} is not installed: apt-get install {package}") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[-200:]
        raise Transient(f"{command[0]} failed ({error.returncode}): {said}") from None
    except subprocess.TimeoutExpired:
        raise Transient(f"{command[0]} took more than {TIMEOUT_S} s") from None
    return done.stdout
