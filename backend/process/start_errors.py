"""Why a process ended, in one line: its error as Python tells it, turned into cause and remedy."""

import re
from collections.abc import Callable
from pathlib import Path

# Shared libraries that wheels expect of the system, and what Debian calls their packages.
PACKAGES = {
    "libGL.so.1": "libgl1",
    "libasound.so.2": "libasound2",
    "libatomic.so.1": "libatomic1",
    "libgcc_s.so.1": "libgcc-s1",
    "libgfortran.so.5": "libgfortran5",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libquadmath.so.0": "libquadmath0",
    "libsndfile.so.1": "libsndfile1",
    "libstdc++.so.6": "libstdc++6",
    "libxcb.so.1": "libxcb1",
    "libz.so.1": "zlib1g",
}

ERROR = re.compile(r"[\w.]*(Error|Exception)(:|$)")


def find_error(output: str) -> str:
    """The line of a process's last output that names its error; the last line where none does.

    An error's message may go on over further lines, but stands below the traceback, which is
    indented.
    """
    lines = [line for line in output.splitlines() if line.strip()]
    below = next((n for n, line in enumerate(reversed(lines)) if line[0] == " "), len(lines))
    message = lines[len(lines) - below :]
    return next(filter(ERROR.match, message), lines[-1] if lines else "").strip()


def explain_error(error: str, home: Path) -> str | None:
    """Cause and remedy of an error that `find_error` found; None where no remedy is known.

    `home` is the folder in DUBLINE_HOME.
    """
    for pattern, tell in RULES:
        if found := re.search(pattern, error):
            return tell(found, home)
    return None


def explain_import(error: ImportError) -> str:
    """Cause and remedy of a module that cannot be imported, as far as they are known."""
    return explain_error(str(error), Path()) or str(error)


def _explain_library(found: re.Match[str], _home: Path) -> str:
    package = PACKAGES.get(found[1])
    remedy = (
        f"apt-get install {package}" if package else f"find its package: apt-file search {found[1]}"
    )
    return f"the shared library {found[1]} is missing: {remedy}"


def _explain_path(found: re.Match[str], home: Path) -> str:
    cause, path = found[1], Path(found[2])
    if path.is_relative_to(home) or home.is_relative_to(path):
        return f"{_format_unusable(home)} ({cause}: {path})"
    return f"{path}: {cause}: let this user write there, or name another place"


def _format_unusable(home: Path) -> str:
    return f"{home} cannot be written to: set DUBLINE_HOME to a folder that this user may write to"


def _explain_port(host: str | None, port: str | None) -> str:
    address = f"[{host}]" if host and ":" in host else host
    what = f"{address}:{port}" if address else "the port"
    return (
        f"{what} is in use already: end who listens there, or choose another port by --port or "
        "API_PORT (0: any free)"
    )


def _fill_in(text: str) -> Callable[[re.Match[str], Path], str]:
    """Say just this; {0}, {1} are the pattern's groups."""
    return lambda found, home: text.format(*found.groups(), home=home)


RULES: tuple[tuple[str, Callable[[re.Match[str], Path], str]], ...] = (
    (r"^Error: (.+)", _fill_in("{0}")),  # one of our commands has told it already
    (r"(lib[^\s/]+\.so[.\d]*): cannot open shared object file", _explain_library),
    (
        r"No module named '([^']+)'",
        _fill_in("the Python module {0} is missing: run pip install -e ."),
    ),
    (
        r"Address already in use(?:.* \('([^']+)', (\d+))?",
        lambda found, _: _explain_port(*found.groups()),
    ),
    (
        r"(Permission denied|Read-only file system|Not a directory|File exists): '([^']+)'",
        _explain_path,
    ),
    (
        r"unable to open database file|attempt to write a readonly database",
        lambda _, home: _format_unusable(home),
    ),
    (
        r"No space left on device|Disk quota exceeded|database or disk is full",
        _fill_in(
            "the disk is full: free some space, or set DUBLINE_HOME (now {home}) to another one"
        ),
    ),
    (
        r"(connection failed: .+|failed to resolve host .+)",
        _fill_in("the database cannot be reached: start it, or mend DATABASE_URL ({0})"),
    ),
    (
        r"Can't load plugin: sqlalchemy\.dialects|Could not parse SQLAlchemy URL",
        _fill_in("DATABASE_URL: write it as in postgresql+psycopg://user:password@host/dubline"),
    ),
    (r"SettingsError: (.+)", _fill_in("{0}")),
)
