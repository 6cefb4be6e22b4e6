"""Timed text: SubRip and WebVTT captions, and plain transcripts."""

import textwrap
from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from backend.core.segments import Line, Segment

# Netflix, Timed Text Style Guide: General Requirements.
LINE_WIDTH = 42
LINES = 2
SHORTEST = 5 / 6


class Cue(NamedTuple):
    """Text on the screen from `start` to `end`, in seconds; its lines are parted by newlines."""

    start: float
    end: float
    text: str


def cues(timed: Iterable[Cue]) -> Iterator[Cue]:
    """The text wrapped to lines and cues that a viewer can take in; no text is lost.

    Text too long for one cue goes on in further ones, each for its share of the time.
    """
    for start, end, text in timed:
        lines = textwrap.wrap(text, LINE_WIDTH, break_on_hyphens=False)
        pages = ["\n".join(lines[i : i + LINES]) for i in range(0, len(lines), LINES)]
        length = end - start if end > start else SHORTEST
        total = sum(map(len, pages))
        shown = 0
        for page in pages:
            begin, shown = shown, shown + len(page)
            yield Cue(start + length * begin / total, start + length * shown / total, page)


def srt(timed: Iterable[Cue]) -> str:
    """The text as SubRip."""
    blocks = (
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(cues(timed), 1)
    )
    return "".join(blocks)


def vtt(timed: Iterable[Cue]) -> str:
    """The text as WebVTT, in which `&`, `<` and `>` are escaped (W3C, WebVTT, 4.2.2)."""
    blocks = (
        f"\n{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{escape(cue.text, quote=False)}\n"
        for cue in cues(timed)
    )
    return "WEBVTT\n" + "".join(blocks)


def txt(said: Iterable[Segment | Line], *, speakers: bool) -> str:
    """A paragraph for each segment, `A: ...` where speakers are asked for and known."""
    lines = (f"{one.speaker}: {one.text}" if speakers and one.speaker else one.text for one in said)
    return "".join(" ".join(line.split()) + "\n" for line in lines)


def _clock(seconds: float, mark: str) -> str:
    """`01:02:03,004`, or with another mark before the milliseconds."""
    rest, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{mark}{milliseconds:03}"
