"""The lines of a dub as text to edit: what of it was changed, and where it cannot be read."""

import re
from collections.abc import Sequence
from itertools import dropwhile
from typing import Any

import click

from backend.documents.text import number_line

LineFields = dict[str, Any]

HEAD = re.compile(r"(?P<id>\d+)( \| speaker (?P<speaker>.+?))?( \| voice (?P<voice>.+))?")
TIME = r"(\d+):(\d\d):(\d\d)[,.](\d{3})"
TIMES = re.compile(f"{TIME} --> {TIME}")
HELP = """# Change texts, times, speakers and voices; a line takes effect when you save and close.
# A block is: its number (with `| speaker A`, `| voice f2` where wanted), its times, its text.

"""


def format_lines(lines: Sequence[LineFields]) -> str:
    """The lines as blocks like those of SubRip."""
    return HELP + "\n\n".join(map(_format_block, lines)) + "\n"


def parse_changes(text: str, lines: Sequence[LineFields]) -> dict[int, LineFields]:
    """What was changed in each line that was; raises `click.ClickException` where it cannot tell.

    A block that was taken out changes nothing: to silence a line take out its text.
    """
    before = {line["id"]: line for line in lines}
    body = "\n".join(dropwhile(_is_help, text.splitlines()))
    blocks = [block.strip() for block in re.split(r"\n\s*\n", body) if block.strip()]
    found = {}
    for block in blocks:
        line = _parse_block(block)
        if line["id"] not in before:
            raise click.ClickException(
                f"There is no line {number_line(line['id'])}: keep the numbers"
            )
        # As it would be written: what is finer than a millisecond was not edited.
        old = _parse_block(_format_block(before[line["id"]]))
        changed = {name: value for name, value in line.items() if value != old[name]}
        if changed:
            found[line["id"]] = changed
    return found


def _is_help(row: str) -> bool:
    return row.startswith("#") or not row.strip()


def _format_block(line: LineFields) -> str:
    head = str(number_line(line["id"]))
    for name in ("speaker", "voice"):
        if line[name]:
            head += f" | {name} {line[name]}"
    return (
        f"{head}\n{_format_clock(line['start'])} --> {_format_clock(line['end'])}\n{line['text']}"
    )


def _parse_block(block: str) -> LineFields:
    head, times, *text = [*block.splitlines(), ""]
    heading, timing = HEAD.fullmatch(head.strip()), TIMES.fullmatch(times.strip())
    if not heading or not timing:
        raise click.ClickException(
            f"'{head} / {times}' is not a number and times like 00:00:05,400 --> 00:00:08,934"
        )
    values = [int(value) for value in timing.groups()]
    return {
        "id": int(heading["id"]) - number_line(0),
        "speaker": heading["speaker"],
        "voice": heading["voice"],
        "start": _compute_seconds(*values[:4]),
        "end": _compute_seconds(*values[4:]),
        "text": "\n".join(text).strip(),
    }


def _compute_seconds(hours: int, minutes: int, seconds: int, milliseconds: int) -> float:
    return round(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000, 3)


def _format_clock(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{milliseconds:03}"
