"""Which path a command cannot write to, what is wrong with it, and what to do about it."""

from pathlib import Path

from backend.process.disk_errors import explain_path_error


def explain_output_error(error: OSError, home: Path) -> str | None:
    """In one line; None for what is no fault of a path. `home` is the folder in DUBLINE_HOME."""
    told = explain_path_error(error, home)
    if told is None:
        return None
    path = Path(error.filename or home)
    if path.is_relative_to(home) or home.is_relative_to(path):
        return f"{told} Or set DUBLINE_HOME to another folder (now {home})."
    return f"{told} Or name another folder."
