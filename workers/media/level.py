"""How loud speech is: the mean power of the stretches that hold speech, in dBFS."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.media.decode import Samples

Spans = Sequence[tuple[float, float]]

WINDOW = 0.1  # seconds
# The gates of ITU-R BS.1770-4: an absolute one, here in dBFS, and one relative to what passes it.
SILENCE = -70.0
BELOW_MEAN = -10.0


def powers(samples: Samples, rate: int) -> NDArray[np.float64]:
    """The mean square of each tenth of a second of mono samples; of all if they are fewer."""
    flat = samples.reshape(-1).astype(np.float64)
    window = min(round(rate * WINDOW), len(flat)) or 1
    whole = len(flat) // window * window
    return np.asarray(np.square(flat[:whole]).reshape(-1, window).mean(axis=1))


def gated(window_powers: NDArray[np.float64]) -> float | None:
    """The level in dBFS of the windows that pass both gates, or None when all is silence."""
    loud = window_powers[window_powers > _power(SILENCE)]
    if not len(loud):
        return None
    loud = loud[loud > loud.mean() * _power(BELOW_MEAN)]
    return 10 * math.log10(loud.mean())


def speech_level(sound: Iterable[Samples], rate: int, spans: Spans) -> float | None:
    """The level of mono blocks, each a second long but the last, within spans of seconds."""
    all_powers = np.concatenate([np.empty(0), *(powers(block, rate) for block in sound)])
    return gated(all_powers[covered(np.arange(len(all_powers)) * WINDOW, spans)])


def covered(times: NDArray[np.floating], spans: Spans) -> NDArray[np.bool_]:
    """Which of the times, shape (n,), lie in one of the spans (start, end), ends excluded."""
    bounds = np.array(sorted(spans), float).reshape(-1, 2)
    before = np.searchsorted(bounds[:, 0], times, side="right")
    latest = np.concatenate([[-np.inf], np.maximum.accumulate(bounds[:, 1])])
    return times < latest[before]


def _power(decibels: float) -> float:
    return float(10 ** (decibels / 10))
