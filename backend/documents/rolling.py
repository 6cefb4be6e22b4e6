"""Rolling captions: each begins with the lines that the one before it ended with.

Video sites write such captions while somebody speaks. What is said twice in a row looks alike, so a
file is taken for rolling only where the lines move on over several subtitles, or where the format
itself tells when each word came.
"""

from collections.abc import Sequence
from itertools import pairwise

from backend.documents.cues import SubtitleCue
from backend.documents.turns import strip_tags

GAP = 0.1  # seconds that may lie between two subtitles of which one follows the other
MOST_LINES = 8  # that captions show at once
LEAST_GROWTH = 3  # subtitles: of two the second may say the first once more
GLIMPSE = 0.1  # what stands no longer only moves the lines up


def join_rolling(cues: Sequence[SubtitleCue]) -> Sequence[SubtitleCue]:
    """Each line once, from when it came until the next did; other subtitles are as they were.

    `cues` are in order of time.
    """
    cues = _join_growing(cues)
    shown = _list_shown(cues)
    carried = [
        _count_carried(cues[n], cues[n + 1], shown[n], shown[n + 1]) for n in range(len(cues) - 1)
    ]
    if not _rolls(cues, shown, carried):
        return cues
    return _take_new(cues, [0, *carried])


def _list_shown(cues: Sequence[SubtitleCue]) -> list[list[str]]:
    """The lines without their inner times and tags, by which alone two of them may differ."""
    return [[line for line in map(strip_tags, cue.lines) if line] for cue in cues]


def _join_growing(cues: Sequence[SubtitleCue]) -> list[SubtitleCue]:
    """A line that comes word by word, over several subtitles, is the whole one from its start."""
    found: list[SubtitleCue] = []
    for run in _list_growing_runs(cues):
        whole = [run[-1]._replace(start=run[0].start)]
        found += whole if len(run) >= LEAST_GROWTH else run
    return found


def _list_growing_runs(cues: Sequence[SubtitleCue]) -> list[list[SubtitleCue]]:
    shown = _list_shown(cues)
    runs = [[cue] for cue in cues[:1]]
    for n, (one, other) in enumerate(pairwise(cues)):
        if _follows(one, other) and _grows(shown[n], shown[n + 1]):
            runs[-1].append(other)
        else:
            runs.append([other])
    return runs


def _grows(before: Sequence[str], after: Sequence[str]) -> bool:
    same = len(before) == len(after) > 0 and before[:-1] == after[:-1]
    return same and after[-1].startswith(f"{before[-1]} ")


def _follows(one: SubtitleCue, other: SubtitleCue) -> bool:
    return one.start <= other.start <= one.end + GAP


def _count_carried(
    one: SubtitleCue, other: SubtitleCue, before: Sequence[str], after: Sequence[str]
) -> int:
    """How many lines the second begins with that the first ends with."""
    if not _follows(one, other):
        return 0
    most = min(len(before), len(after), MOST_LINES)
    return next((n for n in range(most, 0, -1) if before[-n:] == after[:n]), 0)


def _rolls(
    cues: Sequence[SubtitleCue], shown: Sequence[Sequence[str]], carried: Sequence[int]
) -> bool:
    """Whether lines move on somewhere: by two subtitles at least, one of which adds a line."""
    adds = [count > 0 and len(shown[n + 1]) > count for n, count in enumerate(carried)]
    follows = [a > 0 and b > 0 for a, b in pairwise(carried)]
    moves = any(both and (adds[n] or adds[n + 1]) for n, both in enumerate(follows))
    written = any(cue.timed for cue in cues)
    return moves or (written and any(adds))


def _take_new(cues: Sequence[SubtitleCue], carried: Sequence[int]) -> list[SubtitleCue]:
    found: list[SubtitleCue] = []
    begin = None
    for cue, count in zip(cues, carried, strict=True):
        lines = [line for line in cue.lines if strip_tags(line)][count:]
        if lines:
            start = cue.start if begin is None or not count else begin
            found[-1:] = [_end_before(one, start) for one in found[-1:]]
            found.append(cue._replace(start=start, lines=lines))
        short = not lines and cue.end - cue.start <= GLIMPSE
        begin = cue.start if short else None
    return found


def _end_before(cue: SubtitleCue, start: float) -> SubtitleCue:
    """Its line stays on the screen while the next is said, and is over by then."""
    return cue._replace(end=min(cue.end, start)) if cue.start < start else cue
