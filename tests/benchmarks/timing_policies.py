"""How seven open-source dubbing tools fit speech to time, in own code after what they do.

Each policy gets rows in order of time and the recording's length, and tells where each row's
speech sounds. Those that can also slow the picture down are taken as they do without. Where their
rules leave room (what to merge, which gaps to borrow from) it is used in their favour.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil, floor
from typing import NamedTuple


class Row(NamedTuple):
    """A source line from `start` to `end`, and its dubbed speech at the natural rate, seconds."""

    start: float
    end: float
    natural: float


class Said(NamedTuple):
    """Where a row's speech sounds; `cut` is what of it is lost, `failed` that the job ends here."""

    start: float
    duration: float
    rate: float
    cut: float = 0.0
    failed: bool = False


Policy = Callable[[Sequence[Row], float], list[Said]]


def _follow_rows(rows: Sequence[Row], total: float) -> Iterator[tuple[Row, float]]:
    """Each row with the onset of the next, or the end."""
    return zip(rows, [*(row.start for row in rows[1:]), total], strict=True)


def voicestudio(rows: Sequence[Row], total: float) -> list[Said]:
    """Up to the next onset less 50 ms; at most 1.8x, then trimmed; down to 0.85x to fill it."""
    said = []
    for row, after in _follow_rows(rows, total):
        slot = max(after - 0.05 - row.start, 0.0)
        need = row.natural / slot if slot else 1.8
        rate = min(max(need, 1.0), 1.8) if need > 0.95 else max(need, 0.85)
        cut = max(0.0, row.natural / rate - slot)
        said.append(Said(row.start, row.natural / rate - cut, rate, cut))
    return said


def krillinai(rows: Sequence[Row], total: float) -> list[Said]:
    """Chunks of up to five lines share a rate of 0.95 to 1.3; one that is too long is an error."""
    said: list[Said] = []
    for first in range(0, len(rows), 5):
        chunk = rows[first : first + 5]
        need = sum(row.natural for row in chunk) / sum(row.end - row.start for row in chunk)
        rate = min(max(need, 0.95), 1.3)
        free = chunk[0].start
        for row in chunk:
            start = max(row.start, free)
            said.append(Said(start, row.natural / rate, rate))
            free = start + row.natural / rate
        after = rows[first + 5].start if first + 5 < len(rows) else total
        said[-1] = said[-1]._replace(failed=free > after)
    return said


def videolingo(rows: Sequence[Row], total: float) -> list[Said]:
    """Lines above 1.2x are merged with up to four that follow and share what rate it takes."""
    said: list[Said] = []
    followed = [*_follow_rows(rows, total)]
    while followed:
        count = next((n for n in range(1, 6) if _merged_rate(followed[:n]) <= 1.2), 5)
        chunk, followed = followed[:count], followed[count:]
        rate = max(1.0, _merged_rate(chunk))
        free = chunk[0][0].start
        for row, _ in chunk:
            start = max(row.start, free) if rate == 1.0 else free
            said.append(Said(start, row.natural / rate, rate))
            free = start + row.natural / rate
    return said


def _merged_rate(chunk: Sequence[tuple[Row, float]]) -> float:
    room = chunk[-1][1] - 0.1 - chunk[0][0].start
    return sum(row.natural for row, _ in chunk) / max(room, 0.1)


def pyvideotrans(rows: Sequence[Row], total: float) -> list[Said]:
    """Up to the next onset at any rate, joined end to end in whole milliseconds."""
    said = []
    free = floor(rows[0].start * 1000) / 1000
    for row, after in _follow_rows(rows, total):
        slot = after - row.start if after > row.start else row.end - row.start
        rate = max(1.0, row.natural / slot)
        said.append(Said(free, row.natural / rate, rate))
        free += floor(max(slot, row.natural / rate) * 1000) / 1000
    return said


def open_dubbing(rows: Sequence[Row], _total: float) -> list[Said]:
    """The source line's length, at a rate rounded up to 0.1, at most 1.3x; lines may overlap."""
    return [_overlaid(row, row.end - row.start, 1.3) for row in rows]


def sonitranslate(rows: Sequence[Row], total: float) -> list[Said]:
    """The same with 60 % of a gap of a second or more, at most 2.1x; the end cuts."""
    said = []
    for row, after in _follow_rows(rows, total):
        gap = after - row.end
        one = _overlaid(row, row.end - row.start + (0.6 * gap if gap >= 1 else 0.0), 2.1)
        cut = max(0.0, one.start + one.duration - total)
        said.append(one._replace(duration=one.duration - cut, cut=cut))
    return said


def _overlaid(row: Row, room: float, most: float) -> Said:
    need = ceil(round(row.natural / room * 10, 6)) / 10 if room > 0 else most
    rate = min(max(1.0, need), most)
    return Said(row.start, row.natural / rate, rate)


def linly(rows: Sequence[Row], _total: float) -> list[Said]:
    """The source line's length within 0.6 to 1.1 times its own; what it takes more is pushed on."""
    said = []
    free = 0.0
    for row in rows:
        start = max(row.start, free)
        duration = min(max(row.end - row.start, 0.6 * row.natural), 1.1 * row.natural)
        said.append(Said(start, duration, row.natural / duration))
        free = start + duration
    return said


FIELD: Mapping[str, Policy] = {
    "VoiceStudio": voicestudio,
    "KrillinAI": krillinai,
    "VideoLingo": videolingo,
    "pyvideotrans": pyvideotrans,
    "open-dubbing": open_dubbing,
    "SoniTranslate": sonitranslate,
    "Linly-Dubbing": linly,
}
