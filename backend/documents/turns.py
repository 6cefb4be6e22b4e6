"""Who says what in a subtitle, as text without markup."""

import re
from collections.abc import Iterator
from html import unescape
from string import ascii_uppercase
from typing import NamedTuple

from backend.documents.cues import SubtitleCue
from backend.documents.spoken import find_speaker, find_spoken_text

# None of these can look at the same text over and over, however long and odd it is.
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^\s<>][^<>]*)>|</v>")
# How the base text of a ruby is read; the base is what is shown and said.
READING = re.compile(r"<r(?:t(?:[.\s][^<>]*)?|p)>.*?(?=</?rt|</?rp|</ruby>|\Z)", re.DOTALL)
# Tags of both formats, WebVTT's times within a cue, and the overrides that SRT has from ASS.
TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>|\{\\[^{}]*\}")
DASH = re.compile(r"\A\s*[-\u2010\u2013](?:\s+|(?=[^\W\d]))")
END = re.compile(r"(?:\A|\n)[ \t]*[-\u2010\u2013][ \t]*\Z")  # the dash before the next voice
NEAR = 10  # lines above that may be sounds of the same turn
TURN = re.compile(r"(?<=\s)(?=>{2,})")
BEGINS = re.compile(r"\s*>{2,}")


class CueTurn(NamedTuple):
    """What one speaker says in a cue."""

    speaker: str | None
    text: str


def split_turns(cue: SubtitleCue) -> Iterator[CueTurn]:
    """Who says what: by WebVTT's voices, by names before the text, by dashes and `>>`.

    The first of several turns that are only parted has no name, as cues of one have none; the
    others are B, C, ...
    """
    text = READING.sub("", "\n".join(cue.lines))
    before, *named = VOICE.split(text)
    if named:
        voices = zip([None, *named[::2]], [before, *named[1::2]], strict=True)
        for who, said in voices:
            yield CueTurn(unescape(who).strip() if who else None, strip_tags(END.sub("", said)))
        return
    for n, said in enumerate(_part_turns(text)):
        letter = ascii_uppercase[n % 26] if n else None
        yield CueTurn(cue.speaker or find_speaker(said) or letter, said)


def strip_tags(text: str) -> str:
    """The text as it is shown, in one line."""
    return " ".join(unescape(TAG.sub("", text)).split())


def _part_turns(text: str) -> list[str]:
    """The turns; one dash alone parts nothing, and is not said either."""
    shown = [unescape(TAG.sub("", line)) for line in text.split("\n")]
    lines = [part for line in shown for part in TURN.split(line) if part.strip()]
    several = sum(bool(DASH.match(line)) for line in lines) > 1
    turns: list[list[str]] = []
    for line in lines:
        begins = (several and DASH.match(line)) or BEGINS.match(line) or find_speaker(line)
        # Sounds above what somebody says belong to it.
        if not turns or (begins and find_spoken_text(" ".join(turns[-1][-NEAR:]))):
            turns.append([])
        turns[-1].append(line)
    return [" ".join(DASH.sub("", " ".join(turn), count=1).split()) for turn in turns]
