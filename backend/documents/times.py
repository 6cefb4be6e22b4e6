"""The line of times above a subtitle, in the spellings that leave no doubt.

Hours may be missing, one digit may stand for two, spaces may stand between the parts, and a point,
a comma or a colon before the thousandths. The arrow may not be anything else: a line that only
looks like times is told, for as text it would be spoken.
"""

import re
import unicodedata
from typing import NamedTuple

from backend.documents.cues import ARROW, build_error, quote

# Hours, minutes, seconds and their fraction; what has no fraction needs its hours, for 01:02 may
# be either. Two digits after a colon would be frames.
_FRACTION = r"(?:\s*[.,]\s*\d{1,3}|\s*[.,]\s*\d{6}|\s*:\s*\d{3})"
_CLOCK = (
    r"(-?)(?:(\d{1,4})\s*:\s*([0-5]?\d)\s*:\s*([0-5]?\d)(" + _FRACTION + r")?"
    r"|([0-5]?\d)\s*:\s*([0-5]?\d)(" + _FRACTION + r"))"
)
_SETTINGS = r"(?:\s+[A-Za-z]+\d?:\S*)*"
# A number that an editor left before the times is a subtitle's number.
TIMES = re.compile(rf"\s*(?:\d+\s+)?{_CLOCK}\s*{ARROW}\s*{_CLOCK}{_SETTINGS}\s*")
# Begins as times do: a clock with its fraction, or two clocks and something like an arrow.
BEGINNING = 100  # characters of a line that tell
_PART = r"-?(?:\d{1,4}\s*:\s*)?\d{1,2}\s*:\s*\d{1,2}"
SUSPECT = re.compile(
    rf"\s*(?:\d+\s+)?(?:{_PART}[.,]\d{{3}}(?!\w)|-?\d{{1,4}}:\d{{1,2}}:\d{{1,2}}[.,:]\d"
    rf"|{_PART}[\s.,\d]*[-\u2010-\u2015=~\u2192>]*[>\u2192][\s\W]*{_PART}"
    rf"|{_PART}\s*:\s*\d\d?\s*[-\u2010-\u2015]+\s*{_PART}\s*:\s*\d\d?)"
)


class CueTimes(NamedTuple):
    """From when to when a subtitle stands, in seconds."""

    start: float
    end: float


def looks_like_times(line: str) -> bool:
    """Whether this is a line of times, if perhaps a broken one."""
    plain = _simplify(line)
    return ARROW in plain or bool(SUSPECT.match(plain[:BEGINNING]))


def parse_times(line: str, name: str, number: int) -> CueTimes:
    """The times in a line; raises `Invalid` where there is any doubt."""
    found = TIMES.fullmatch(_simplify(line))
    if not found:
        example = f"00:01:02,500 {ARROW} 00:01:04,000"
        raise build_error(name, number, f"{quote(line)} are no times such as {example}")
    half = len(found.groups()) // 2
    times = CueTimes(
        _compute_seconds(*found.groups()[:half]), _compute_seconds(*found.groups()[half:])
    )
    return check_times(times, name, number)


def check_times(times: CueTimes, name: str, number: int) -> CueTimes:
    """What of the subtitle is within the recording; raises `Invalid` where there is nothing."""
    if times.end < times.start:
        raise build_error(name, number, "the subtitle ends before it begins")
    if times.start < 0 >= times.end:
        raise build_error(name, number, "the subtitle ends before the recording begins")
    return CueTimes(max(0.0, times.start), times.end)


def _simplify(line: str) -> str:
    """With the digits and signs of ASCII, in place of those of full width."""
    return unicodedata.normalize("NFKC", line)


def _compute_seconds(sign: str, *parts: str | None) -> float:
    hours, minutes, seconds, fraction = parts[:4] if parts[2] else ("0", *parts[4:])
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    digits = re.sub(r"\D", "", fraction or "0")
    exact = round(whole + float(f"0.{digits}"), 3)
    return -exact if sign else exact
