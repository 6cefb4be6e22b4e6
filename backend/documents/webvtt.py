"""WebVTT, by its specification (W3C, WebVTT: The Web Video Text Tracks Format, 6.1).

Blocks end at empty lines, of which a line of spaces is none. Comments, styles and regions are left
out. What a player would drop without a word, such as text after an empty line, is refused here: it
would never be dubbed.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from backend.documents.cues import ARROW, SubtitleCue, build_error, quote
from backend.documents.subrip import split_breaks
from backend.documents.times import CueTimes, looks_like_times, parse_times

HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")
TIME_MAP = re.compile(r"X-TIMESTAMP-MAP\s*=\s*(.+)")
LOCAL = re.compile(r"LOCAL:\s*(?:(\d+):)?(\d+):(\d+\.\d+)")
MPEG = re.compile(r"MPEGTS:\s*(\d+)")
MPEG_HZ = 90_000
# Blocks that show nothing; `Style:` and `##` are what YouTube wrote before there were any.
SILENT = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s.*)?|(?:Style|Region|Kind|Language):.*|##|\d+")
INNER_TIME = re.compile(r"<\d[\d:.]*>")

Block = Sequence[tuple[int, str]]  # numbers (from 1) and lines


def is_webvtt(lines: Sequence[str]) -> bool:
    """Whether this is the head of a WebVTT file."""
    return bool(HEADER.fullmatch(lines[0]))


def parse_webvtt(lines: Sequence[str], name: str) -> Iterator[SubtitleCue]:
    """The cues in the order of the file; raises `Invalid` with the line and the reason.

    Files of a stream that were joined have a header each, which tells where its times begin; a cue
    that two of them have is one.
    """
    first, shift = None, 0.0
    seen: set[tuple[float, float, tuple[str, ...]]] = set()
    for block in _split_blocks(lines):
        body = block
        if block and HEADER.fullmatch(block[0][1]):
            begin = _find_beginning(block, name)
            first = begin if first is None else first
            shift = _compute_shift(begin, first, block[0][0], name)
            body = _drop_header(block)
        for cue in _parse_block(body, name):
            start, end = round(cue.start + shift, 3), round(cue.end + shift, 3)
            key = (start, end, tuple(cue.lines))
            if key not in seen:
                yield cue._replace(start=start, end=end)
            seen.add(key)


def _split_blocks(lines: Sequence[str]) -> Iterator[Block]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if block and (not line or line == "WEBVTT"):
            yield block
            block = []
        if line:
            block.append((number, line))
    yield block


def _drop_header(block: Block) -> Block:
    """From the first cue on: the header takes all lines before it, whatever they are."""
    timed = next((n for n, (_, line) in enumerate(block) if ARROW in line), len(block))
    return block[timed:]


def _find_beginning(block: Block, name: str) -> float:
    """The second of the stream at which the times of this file begin."""
    for number, line in block:
        if found := TIME_MAP.match(line):
            local, mpeg = LOCAL.search(found[1]), MPEG.search(found[1])
            if not local or not mpeg:
                raise build_error(name, number, f"{quote(line)} tells no LOCAL and MPEGTS")
            hours, minutes, seconds = local.groups("0")
            begin = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            return int(mpeg[1][:15]) / MPEG_HZ - begin
    return 0.0


def _compute_shift(begin: float, first: float, number: int, name: str) -> float:
    if begin < first:
        raise build_error(name, number, "its times begin before those of the files above it")
    return round(begin - first, 3)


def _parse_block(block: Block, name: str) -> Iterator[SubtitleCue]:
    if block and _is_silent(block):
        return
    timed = [n for n, (_, line) in enumerate(block) if looks_like_times(line)]
    if block and (not timed or timed[0] > 1):
        number, line = block[0]
        raise build_error(
            name,
            number,
            f"{quote(line)} has no times: an empty line above it ends the subtitle before, "
            "and NOTE begins a comment",
        )
    for here, after in pairwise([*timed, len(block)]):
        number, line = block[here]
        shown = [text for _, text in block[here + 1 : after]]
        yield _build_cue(parse_times(line, name, number), shown)


def _is_silent(block: Block) -> bool:
    """Whether it shows nothing; with an arrow in it, it is a cue whatever it is called."""
    return bool(SILENT.fullmatch(block[0][1].rstrip())) and not any(
        ARROW in line for _, line in block
    )


def _build_cue(times: CueTimes, shown: Sequence[str]) -> SubtitleCue:
    timed = any(INNER_TIME.search(line) for line in shown)
    return SubtitleCue(times.start, times.end, split_breaks(shown), timed=timed)
