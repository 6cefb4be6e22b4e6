"""Which lines of a SubRip file are the numbers of its subtitles, and which are said.

A number stands apart from the text before it and touches the times below. Editors put empty lines
between, joined files count anew, and others have no numbers at all, where "5" is what somebody
says. Whatever neither its place nor the count tells is refused.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from backend.documents.cues import build_error

NUMBER = re.compile(r"\s*#?(\d{1,9})\s*")


class NumberLine(NamedTuple):
    """A line that is nothing but a number, and what lies around it.

    `line` counts from 0. `apart`: an empty line or nothing is between it and the text before.
    `touching`: the times of a subtitle come directly below.
    """

    line: int
    value: int
    apart: bool
    touching: bool


class Reading(Enum):
    """What a number is."""

    NUMBER = "number"
    SAID = "said"
    UNCERTAIN = "uncertain"


def find_number(lines: Sequence[str], begin: int, end: int) -> NumberLine | None:
    """The last line with something in it, from `begin` until the times at `end`, if a number."""
    index = next((n for n in range(end - 1, begin - 1, -1) if lines[n].strip()), None)
    found = NUMBER.fullmatch(lines[index]) if index is not None else None
    if not found or index is None:
        return None
    apart = index == 0 or not lines[index - 1].strip()
    return NumberLine(index, int(found[1]), apart, index == end - 1)


def choose_numbers(found: Sequence[NumberLine | None], name: str) -> set[int]:
    """The lines that are numbers of subtitles; raises `Invalid` for one that may be either.

    `found` has what stands above the times of each subtitle, in the order of the file.
    """
    counted = _is_count(found)
    chosen: set[int] = set()
    last = None
    for place, one in enumerate(found, 1):
        if one is None:
            continue
        continues = one.value == place or (last is not None and one.value == last + 1)
        reading = _read_number(
            one, continues=continues, counted=counted, numbered=found[0] is not None
        )
        if reading is Reading.UNCERTAIN:
            raise build_error(
                name,
                one.line + 1,
                f"{one.value} may be said or be the number of the next subtitle: "
                "leave an empty line above a number and none below",
            )
        if reading is Reading.NUMBER:
            chosen.add(one.line)
            last = one.value
    return chosen


def is_left_over(one: NumberLine, last: int | None, name: str) -> bool:
    """Whether a number at the end of a file is that of a subtitle that was taken out."""
    if last is None or one.value != last + 1:
        return False
    if not one.apart:
        raise build_error(
            name, one.line + 1, f"{one.value} may be said or be a number that was left over"
        )
    return True


def _is_count(found: Sequence[NumberLine | None]) -> bool:
    """Whether every subtitle has a number; the first one's may be lost where the others count."""
    if all(found):
        return True
    rest = [one and one.value for one in found[1:]]
    return len(rest) > 1 and rest == list(range(2, len(rest) + 2))


def _read_number(one: NumberLine, *, continues: bool, counted: bool, numbered: bool) -> Reading:
    if one.apart and one.touching:
        certain = counted or numbered or continues
        return Reading.NUMBER if certain else Reading.UNCERTAIN
    if not one.apart and not one.touching:
        return Reading.UNCERTAIN if continues else Reading.SAID
    if counted or (numbered and continues):
        return Reading.NUMBER
    return Reading.UNCERTAIN if numbered or continues else Reading.SAID
