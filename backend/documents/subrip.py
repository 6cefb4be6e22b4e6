"""SubRip (SRT): numbered texts below their times; and SBV, which is the same without numbers.

An empty line does not end a text, and none is needed between two subtitles: all that tells them
apart is their times.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from backend.documents.cues import SubtitleCue, build_error, quote
from backend.documents.numbers import NumberLine, choose_numbers, find_number, is_left_over
from backend.documents.times import CueTimes, check_times, looks_like_times, parse_times

# Breaks that Advanced SubStation Alpha and YouTube's own format have, and converters leave.
BREAK = re.compile(r"\\[Nn]|\[br\]")
HARD_SPACE = re.compile(r"\\h")
SBV_TIMES = re.compile(r"(\d+):([0-5]\d):([0-5]\d\.\d{3}),(\d+):([0-5]\d):([0-5]\d\.\d{3})\s*")
SBV_LIKE = re.compile(r"\s*\d+:\d+:\d+[.,]\d+\s*,\s*\d+:")

GLUED = re.compile(r"\D(\d{1,9})\s*\Z")


def parse_subrip(lines: Sequence[str], name: str) -> Iterator[SubtitleCue]:
    """The subtitles in the order of the file; raises `Invalid` with the line and the reason."""
    timed = [n for n, line in enumerate(lines) if looks_like_times(line)]
    times = [parse_times(lines[n], name, n + 1) for n in timed]
    if timed:
        _check_beginning(lines[: timed[0]], name)
        _check_headers(lines, name)
    numbers = _choose_numbers(lines, timed, name)
    yield from _build_cues(lines, timed, times, numbers)


def is_sbv(lines: Sequence[str]) -> bool:
    """Whether the first line with something in it has the times of an SBV."""
    first = next((line for line in lines if line.strip()), "")
    return bool(SBV_TIMES.fullmatch(first))


def parse_sbv(lines: Sequence[str], name: str) -> Iterator[SubtitleCue]:
    """The subtitles of YouTube's own format."""
    timed = [n for n, line in enumerate(lines) if SBV_LIKE.match(line) or looks_like_times(line)]
    times = [_parse_sbv_times(lines[n], name, n + 1) for n in timed]
    yield from _build_cues(lines, timed, times, set())


def split_breaks(lines: Sequence[str]) -> list[str]:
    """The lines that are shown."""
    return [part for line in lines for part in BREAK.split(HARD_SPACE.sub(" ", line))]


def _parse_sbv_times(line: str, name: str, number: int) -> CueTimes:
    found = SBV_TIMES.fullmatch(line)
    if not found:
        example = "0:01:02.500,0:01:04.000"
        raise build_error(name, number, f"{quote(line)} are no times such as {example}")
    parts = [float(part) for part in found.groups()]
    start, end = (round(h * 3600 + m * 60 + s, 3) for h, m, s in (parts[:3], parts[3:]))
    return check_times(CueTimes(start, end), name, number)


def _build_cues(
    lines: Sequence[str], timed: Sequence[int], times: Sequence[CueTimes], numbers: set[int]
) -> Iterator[SubtitleCue]:
    for (here, after), (start, end) in zip(pairwise([*timed, len(lines)]), times, strict=True):
        shown = [lines[n] for n in range(here + 1, after) if n not in numbers]
        yield SubtitleCue(start, end, split_breaks(shown))


def _check_beginning(lines: Sequence[str], name: str) -> None:
    for number, line in enumerate(lines, 1):
        if line.strip().upper().startswith("WEBVTT"):
            raise build_error(name, number, "WebVTT has WEBVTT, in capitals, in its first line")
        if line.strip() and not find_number([line], 0, 1):
            raise build_error(
                name, number, f"{quote(line)} is not the number of the first subtitle"
            )


def _check_headers(lines: Sequence[str], name: str) -> None:
    for number, line in enumerate(lines, 1):
        if line.startswith("WEBVTT"):
            raise build_error(name, number, "a WebVTT file begins here: give each file by itself")


def _choose_numbers(lines: Sequence[str], timed: Sequence[int], name: str) -> set[int]:
    begins = [0, *(n + 1 for n in timed)]
    found = [find_number(lines, begin, end) for begin, end in zip(begins, timed, strict=False)]
    numbers = choose_numbers(found, name)
    _check_glued(lines, timed, found, name)
    end = find_number(lines, begins[-1], len(lines))
    last = next((one.value for one in reversed(found) if one and one.line in numbers), None)
    if end and is_left_over(end, last, name):
        numbers.add(end.line)
    return numbers


def _check_glued(
    lines: Sequence[str], timed: Sequence[int], found: Sequence[NumberLine | None], name: str
) -> None:
    """Files that were joined without a line end between have the number at the end of a text."""
    for before, here, end in zip(found, found[1:], timed[1:], strict=False):
        glued = GLUED.search(lines[end - 1])
        if before and not here and glued and int(glued[1]) in {1, before.value + 1}:
            reason = f"{glued[1]} may be said or be the number of the next subtitle"
            raise build_error(name, end, f"{reason}: give that a line of its own")
