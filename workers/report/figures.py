"""What a dub's timing is judged by, each figure on its own; docs/report.md tells what it means.

The benchmark scores other tools' policies by the same functions.
"""

from collections.abc import Collection, Iterable, Sequence
from statistics import fmean

Span = tuple[float, float]

# Seconds: what is off by less is rounding, by those who count in milliseconds.
ROUNDING = 0.001
# Rates are told to a thousandth, times to a microsecond.
RATE_DIGITS, TIME_DIGITS = 3, 6


def compute_speech_overlap(lengths: Iterable[Span]) -> float | None:
    """The shorter by the longer one of two lengths, source line and dub, on average over the lines.

    That of the IWSLT dubbing track, by length; None without any line that has one.
    """
    shares = [min(both) / max(both) for both in lengths if max(both) > 0]
    return fmean(shares) if shares else None


def compute_share_off(shifts: Collection[float], limit: float) -> float:
    """The share of lines that start more than `limit` seconds early or late."""
    return _compute_share(round(abs(shift), TIME_DIGITS) > limit for shift in shifts)


def compute_share_above(rates: Collection[float], limit: float) -> float:
    """The share of lines spoken more than `limit` times as fast as is natural."""
    return _compute_share(round(rate, RATE_DIGITS) > limit for rate in rates)


def find_collisions(spans: Sequence[Span]) -> list[int]:
    """Which of the spans, in order of their starts, begin before an earlier one has ended."""
    found, ended = [], float("-inf")
    for index, (start, end) in enumerate(spans):
        if start < ended - ROUNDING:
            found.append(index)
        ended = max(ended, end)
    return found


def compute_unheard(span: Span, total: float) -> float:
    """The seconds of a span that lie outside a recording of `total` seconds, and so are cut."""
    start, end = span
    return max(0.0, end - start) - max(0.0, min(end, total) - max(start, 0.0))


def _compute_share(hits: Iterable[bool]) -> float:
    counted = list(hits)
    return sum(counted) / len(counted) if counted else 0.0
