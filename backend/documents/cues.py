"""What all formats of subtitles are read into, and how their faults are told."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from backend.errors import Invalid

ARROW = "-->"
# A byte order mark within a text, and what else is not seen: editors and joined files leave them.
INVISIBLE = re.compile("[\ufeff\u200b\u2060]")
# CR CR LF is what a text file becomes that is written as text twice on Windows.
LINE_END = re.compile(r"\r*\n|\r")


class SubtitleCue(NamedTuple):
    """Lines on the screen from `start` to `end`, in seconds; `speaker` where the format names one.

    `timed` tells that the words have times within the cue, as captions have that are written while
    somebody speaks.
    """

    start: float
    end: float
    lines: Sequence[str]
    speaker: str | None = None
    timed: bool = False


def split_lines(text: str) -> list[str]:
    """The lines as people see them; lines of spaces stay, for WebVTT tells them from empty ones."""
    return LINE_END.split(INVISIBLE.sub("", text))


def build_error(name: str, line: int, reason: str) -> Invalid:
    """What is wrong in a line (from 1) of the file that its user calls `name`."""
    return Invalid("fileId", f"{name}, line {line}: {reason}")


def quote(line: str) -> str:
    """As much of a line as tells which it is."""
    return f"'{line.strip()[:40]}'"
