"""What every process needs before it can start: modules that load, a home it can write to."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from backend.pipeline.stages import Stage
from backend.process.start_errors import explain_error, explain_import

# What the processes consist of; all else is imported by these.
MODULES = (
    *("backend.api.app", "backend.api.server", "workers.tasks", "workers.reconciler"),
    *(f"workers.stages.{stage}" for stage in Stage),
    *("workers.engines", "backend.cli.supervisor", "backend.cli.submit"),
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it works, how, or else what to do about it."""

    subject: str
    works: bool
    detail: str


def check_modules(names: Iterable[str] = MODULES) -> Finding:
    """Whether all that the processes import can be imported."""
    lacks = list(dict.fromkeys(filter(None, map(_find_lack, names))))
    return Finding("Python modules", works=not lacks, detail="; ".join(lacks) or "all load")


def check_home(home: Path) -> Finding:
    """Whether the folder in DUBLINE_HOME can be written to; it is made, as any start would."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        return Finding(
            "DUBLINE_HOME", works=False, detail=explain_error(str(error), home) or str(error)
        )
    return Finding("DUBLINE_HOME", works=True, detail=str(home))


def _find_lack(name: str) -> str:
    try:
        import_module(name)
    except ImportError as error:
        return explain_import(error)
    return ""
