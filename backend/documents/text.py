"""Text as one row."""

import re
from collections.abc import Sequence

# What XML cannot hold is among them (W3C, XML 1.0, 2.2).
CONTROLS = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
LISTED = 10  # lines that a warning names


def collapse_lines(text: str) -> str:
    """The text without line breaks and control characters.

    Engines take those for commands, caption files for their structure.
    """
    return " ".join(CONTROLS.sub(" ", text).split())


def number_line(id_: int) -> int:
    """What people call a line: ids count from 0, captions and people from 1."""
    return id_ + 1


def format_lines(ids: Sequence[int]) -> str:
    """Lines as a warning names them, the first ones of many."""
    listed = ", ".join(str(number_line(id_)) for id_ in ids[:LISTED])
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return f"line {listed}{more}" if len(ids) == 1 else f"lines {listed}{more}"
