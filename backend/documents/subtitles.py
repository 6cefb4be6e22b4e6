"""Subtitles (SRT, WebVTT) and Dubline's own documents, as transcripts that users bring.

Read strictly, and told by line what is wrong: the libraries for this skip or merge what they do
not understand, and here that would be a line that is never dubbed, or a comment that is spoken.
"""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import pairwise, takewhile
from string import ascii_uppercase
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json

from backend.documents.transcripts import Segment, Transcript, Translation
from backend.errors import Invalid

UNKNOWN = "und"  # subtitles do not tell their language (ISO 639-2: undetermined)

ARROW = "-->"
_CLOCK = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
TIMES = re.compile(rf"\s*{_CLOCK}\s*{ARROW}\s*{_CLOCK}(?:\s.*)?")
# None of these can look at the same text over and over, however long and odd it is.
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^\s<>][^<>]*)>")
# Tags of both formats, WebVTT's times within a cue, and the overrides that SRT has from ASS.
TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>|\{\\[^{}]*\}")
DASH = re.compile(r"\A[-\u2010\u2013](?:\s+|(?=[^\W\d]))")


class SubtitleCue(NamedTuple):
    """Lines on the screen from `start` to `end`, in seconds."""

    start: float
    end: float
    lines: Sequence[str]


class CueTurn(NamedTuple):
    """What one speaker says in a cue."""

    speaker: str | None
    text: str


def parse_transcript(content: bytes, name: str) -> Transcript | Translation:
    """The document, or a transcript of `UNKNOWN` language from subtitles in order of time.

    `name` is what the user calls the file. Raises `Invalid` with the line and the reason.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _build_error(name, line, "this is no UTF-8 text; save it as UTF-8") from None
    if "\0" in text:
        raise _build_error(name, text[: text.index("\0")].count("\n") + 1, "a NUL is no text")
    return (
        _parse_document(text, name)
        if text.lstrip().startswith("{")
        else _parse_subtitles(text, name)
    )


def _parse_document(text: str, name: str) -> Transcript | Translation:
    try:
        data = from_json(text, allow_inf_nan=False)
        return (Translation if "lines" in data else Transcript).model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise Invalid("fileId", f"{name}, {where}: {problem['msg']}") from None
    except ValueError as error:
        raise Invalid("fileId", f"{name} is no JSON document: {error}") from None


def _parse_subtitles(text: str, name: str) -> Transcript:
    lines = re.split(r"\r\n|\r|\n", text)
    cues = sorted(_parse_cues(lines, name), key=lambda cue: (cue.start, cue.end))
    said = [segment for cue in cues for segment in _split_segments(cue)]
    if not said:
        raise Invalid("fileId", f"{name} holds no subtitle: send SRT, WebVTT or Dubline's JSON")
    return Transcript(
        language=UNKNOWN,
        duration=max(segment.end for segment in said),
        segments=tuple(one.model_copy(update={"id": n}) for n, one in enumerate(said)),
    )


def _parse_cues(lines: Sequence[str], name: str) -> Iterator[SubtitleCue]:
    vtt = lines[0].startswith("WEBVTT")
    timed = [n for n, line in enumerate(lines) if ARROW in line]
    if timed and not vtt:
        _check_beginning(lines[: timed[0]], name)
    for here, after in pairwise([*timed, len(lines)]):
        start, end = _parse_times(lines[here], name, here + 1)
        block = lines[here + 1 : after]
        if vtt:
            # What follows an empty line is a comment, a style or the next cue's name.
            block = list(takewhile(str.strip, block))
        elif after < len(lines) and block and block[-1].strip().isdigit():
            block = block[:-1]
        yield SubtitleCue(start, end, block)


def _check_beginning(lines: Sequence[str], name: str) -> None:
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.strip().isdigit():
            raise _build_error(
                name, number, f"'{line[:40]}' is not the number of the first subtitle"
            )


def _parse_times(line: str, name: str, number: int) -> tuple[float, float]:
    found = TIMES.fullmatch(line)
    if not found:
        example = f"00:01:02,500 {ARROW} 00:01:04,000"
        raise _build_error(name, number, f"'{line.strip()[:40]}' are no times such as {example}")
    start, end = _compute_seconds(*found.groups()[:4]), _compute_seconds(*found.groups()[4:])
    if end < start:
        raise _build_error(name, number, "the subtitle ends before it begins")
    return start, end


def _compute_seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return round(int(hours or 0) * 3600 + int(minutes) * 60 + float(f"{seconds}.{fraction}"), 3)


def _split_segments(cue: SubtitleCue) -> Iterator[Segment]:
    """A segment for each turn, with its share of the time by the length of its text."""
    turns = [CueTurn(turn.speaker, _strip_tags(turn.text)) for turn in _split_turns(cue.lines)]
    total = sum(len(turn.text) for turn in turns)
    length, told = cue.end - cue.start, 0
    for speaker, text in turns:
        begin, told = told, told + len(text)
        if text:
            yield Segment(
                id=0,
                start=round(cue.start + length * begin / total, 3),
                end=round(cue.start + length * told / total, 3),
                text=text,
                speaker=speaker,
            )


def _split_turns(lines: Sequence[str]) -> list[CueTurn]:
    """Who says what: WebVTT names its voices; in SRT a dash begins each of several turns.

    The first of these has no name, as cues without a dash have none; the others are B, C, ...
    """
    text = "\n".join(lines)
    before, *named = VOICE.split(text)
    if named:
        voices = zip(named[::2], named[1::2], strict=True)
        return [
            CueTurn(None, before),
            *(CueTurn(unescape(who).strip(), said) for who, said in voices),
        ]
    dashed = [n for n, line in enumerate(lines) if DASH.match(line)]
    starts = sorted({0, *dashed}) if len(dashed) > 1 else [0]
    said = ["\n".join(lines[here:after]) for here, after in pairwise([*starts, len(lines)])]
    return [
        CueTurn(ascii_uppercase[n % 26] if n else None, DASH.sub("", part, count=1))
        for n, part in enumerate(said)
    ]


def _strip_tags(text: str) -> str:
    return " ".join(unescape(TAG.sub("", text)).split())


def _build_error(name: str, line: int, reason: str) -> Invalid:
    return Invalid("fileId", f"{name}, line {line}: {reason}")
