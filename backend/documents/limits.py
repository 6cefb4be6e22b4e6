"""How much a transcript may hold."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.documents.transcripts import Line, Segment
from backend.errors import LimitExceeded


class TextLimits(NamedTuple):
    """The most `lines`, characters a `line`, and characters of all lines together."""

    lines: int
    line: int
    total: int


def check_count(limits: TextLimits, count: int, name: str) -> None:
    """Raise `LimitExceeded` for too many lines."""
    if count > limits.lines:
        told = f"{name} has {count} lines, and at most {limits.lines} are taken"
        raise LimitExceeded(told, "MAX_LINES", limits.lines, count)


def check_texts(limits: TextLimits, said: Sequence[Segment | Line], name: str) -> None:
    """Raise `LimitExceeded` for too many lines, and for lines that are too long."""
    check_count(limits, len(said), name)
    for number, one in enumerate(said, 1):
        if len(one.text) > limits.line:
            told = (
                f"{name}, line {number} has {len(one.text)} characters, and at most {limits.line} "
                "are taken: split it"
            )
            raise LimitExceeded(told, "MAX_LINE_CHARS", limits.line, len(one.text))
    total = sum(len(one.text) for one in said)
    if total > limits.total:
        told = f"{name} has {total} characters, and at most {limits.total} are taken"
        raise LimitExceeded(told, "MAX_TRANSCRIPT_CHARS", limits.total, total)
