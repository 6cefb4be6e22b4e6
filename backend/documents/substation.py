"""Advanced SubStation Alpha (ASS, SSA): what its events say, by whom."""

import re
from collections.abc import Iterator, Sequence

from backend.documents.cues import SubtitleCue, build_error, quote
from backend.documents.subrip import split_breaks
from backend.documents.times import CueTimes, check_times

SECTION = re.compile(r"\s*\[([^\]]+)\]\s*")
CLOCK = re.compile(r"\s*(\d+):([0-5]?\d):([0-5]?\d[.,]\d{1,3})\s*")
OVERRIDE = re.compile(r"(\{[^{}]*\})")
# From \p1 on a text is the outline of a drawing, until \p0.
DRAWING = re.compile(r"\\p(\d+)")
# Comments show nothing, and pictures, sounds and commands are no words.
SILENT = re.compile(r"\s*(?:[;!]|(?:comment|picture|sound|movie|command):)", re.IGNORECASE)
# What the columns are called that SSA names otherwise.
NAMES = ("name", "actor")


def is_substation(lines: Sequence[str]) -> bool:
    """Whether the first line with something in it is the head of such a file."""
    first = next((line.strip().lower() for line in lines if line.strip()), "")
    return first in {"[script info]", "[v4+ styles]", "[v4 styles]", "[events]"}


def parse_substation(lines: Sequence[str], name: str) -> Iterator[SubtitleCue]:
    """The dialogue in the order of the file; raises `Invalid` with the line and the reason."""
    section, columns = "", None
    for number, line in enumerate(lines, 1):
        key, _, values = line.partition(":")
        if head := SECTION.fullmatch(line):
            section = head[1].strip().lower()
        elif section == "events" and key.strip().lower() == "format":
            columns = [one.strip().lower() for one in values.split(",")]
        elif section == "events" and key.strip().lower() == "dialogue":
            yield _parse_dialogue(values, columns, name, number)
        elif section == "events":
            _refuse_unknown(line, name, number)


def _parse_dialogue(
    values: str, columns: Sequence[str] | None, name: str, number: int
) -> SubtitleCue:
    if not columns or not {"start", "end", "text"} <= set(columns):
        raise build_error(name, number, "no Format above tells where Start, End and Text are")
    parts = values.split(",", len(columns) - 1)
    if len(parts) < len(columns):
        raise build_error(name, number, f"the Format above has {len(columns)} columns")
    row = dict(zip(columns, parts, strict=True))
    times = _parse_times(row["start"], row["end"], name, number)
    speaker = next((row[one].strip() for one in NAMES if row.get(one, "").strip()), None)
    return SubtitleCue(*times, split_breaks([_find_text(row["text"])]), speaker)


def _refuse_unknown(line: str, name: str, number: int) -> None:
    if line.strip() and not SILENT.match(line):
        raise build_error(name, number, f"{quote(line)} is no event")


def _parse_times(start: str, end: str, name: str, number: int) -> CueTimes:
    found = [CLOCK.fullmatch(one) for one in (start, end)]
    seconds = []
    for text, clock in zip((start, end), found, strict=True):
        if not clock:
            raise build_error(name, number, f"{quote(text)} is no time such as 0:01:02.50")
        hours, minutes, rest = clock.groups()
        whole = int(hours) * 3600 + int(minutes) * 60
        seconds.append(round(whole + float(rest.replace(",", ".")), 3))
    return check_times(CueTimes(*seconds), name, number)


def _find_text(text: str) -> str:
    """What is shown as letters, without overrides and drawings."""
    drawing, shown = False, []
    for part in OVERRIDE.split(text):
        if OVERRIDE.fullmatch(part):
            for found in DRAWING.finditer(part):
                drawing = int(found[1][:9]) > 0
        elif not drawing:
            shown.append(part)
    return "".join(shown)
