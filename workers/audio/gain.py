"""Gain curves for ducking and for limiting: one value at each edge of the hops of a signal.

A curve depends on its signal only so far around (`DuckingShape.before` and `after`, `LIMIT_REACH`),
and every value is made by the same additions wherever it stands. So a piece of the mix, rendered
with that much sound around it, is the piece that a render of everything would hold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workers.audio.samples import Samples

Gains = NDArray[np.float64]

# In hops of the limiter: the gain is down this long before a peak and after it, and bends this
# long on either side. A bend less than the others keeps it at or below what every hop asks.
HELD, BEND = 6, 5
LIMIT_REACH = HELD + BEND

# The filter that finds the peaks between samples at four times the rate (ITU-R BS.1770-4,
# annex 2, asks for as many phases; the taps are a sinc under a Kaiser window).
PHASES, TAPS = 4, 16
# A peak between samples is rarely higher than its neighbours by more than this.
BETWEEN = 10 ** (-3 / 20)


@dataclass(frozen=True)
class DuckingShape:
    """How a bed makes room, in hops.

    It goes down over `attack`, so that it is down when speech begins, stays down for `hold` after
    it, because of the pauses between words, and comes back over `release`.
    """

    attack: int
    hold: int
    release: int

    @property
    def before(self) -> int:
        """Hops before the speech that hear of it."""
        return self.attack + 1

    @property
    def after(self) -> int:
        """Hops after the speech that hear of it."""
        return self.hold + self.release + 1


def measure_peaks(block: Samples, hop: int) -> Gains:
    """The largest magnitude in each hop of a block of shape (n, channels)."""
    starts = np.arange(0, block.size, hop * block.shape[1])
    return np.maximum.reduceat(np.abs(block).reshape(-1), starts).astype(np.float64)


def measure_true_peaks(block: Samples, hop: int, above: float) -> Gains:
    """With the peaks between samples too, in hops that come near `above` or pass it."""
    found = measure_peaks(block, hop)
    hot = np.flatnonzero(found > above * BETWEEN)
    if not len(hot):
        return found
    half = TAPS // 2
    around = np.zeros((len(found) * hop + TAPS - 1, block.shape[1]), np.float32)
    around[half - 1 : half - 1 + len(block)] = block
    near = sliding_window_view(around, hop + TAPS - 1, axis=0)[hot * hop]
    for taps in _build_phase_taps():
        level = sum(near[..., k : k + hop] * taps[k] for k in range(TAPS))
        found[hot] = np.maximum(found[hot], np.abs(level).max(axis=(1, 2)))
    return found


def _build_phase_taps() -> NDArray[np.float32]:
    """The taps for each phase between two samples, shape (PHASES - 1, TAPS)."""
    phase = np.arange(1, PHASES)[:, None] / PHASES
    distance = np.arange(TAPS) - (TAPS // 2 - 1) - phase
    window = np.i0(6 * np.sqrt(1 - (distance / (TAPS // 2)) ** 2)) / np.i0(6)
    return (np.sinc(distance) * window).astype(np.float32)


def compute_ducking(presence: Gains, ducking: DuckingShape) -> Gains:
    """How far the bed is down, 0..1, at the n + 1 edges of n hops with speech present 0..1.

    Each hop draws its own curve, a raised cosine down and up again; the lowest of all counts.
    """
    shape = np.concatenate([_build_rise(ducking.attack), np.ones(ducking.hold + 2)])
    shape = np.concatenate([shape, _build_rise(ducking.release)[::-1]])
    edges = len(presence) + 1
    room = np.zeros(edges + len(shape) - 1)
    for lag, weight in enumerate(shape):
        part = room[lag : lag + len(presence)]
        np.maximum(part, presence * weight, out=part)
    return room[ducking.attack : ducking.attack + edges]


def _build_rise(hops: int) -> Gains:
    """From just above 0 to just below 1."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(1, hops + 1) / (hops + 1))


def compute_limiter_gain(found: Gains, ceiling: float) -> Gains:
    """The gain at the n + 1 edges of n hops with these peaks that keeps all below `ceiling`.

    The least gain around each edge, then a Hann-weighted mean.
    """
    if found.max(initial=0.0) <= ceiling:
        return np.ones(len(found) + 1)
    padded = np.ones(len(found) + 2 * LIMIT_REACH)
    padded[LIMIT_REACH:-LIMIT_REACH] = np.minimum(1.0, ceiling / np.maximum(found, ceiling))
    least = sliding_window_view(padded, 2 * HELD).min(axis=1)
    weights = np.hanning(2 * BEND + 3)[1:-1]
    edges = len(found) + 1
    return sum(
        (least[k : k + edges] * weight for k, weight in enumerate(weights / weights.sum())),
        start=np.zeros(edges),
    )


def apply_gain(block: Samples, edges: Gains, hop: int) -> Samples:
    """The block of shape (n, channels) under a curve, which is straight within each hop."""
    if (edges == 1.0).all():
        return block
    way = np.arange(hop) / hop
    curve = (edges[:-1, None] + np.diff(edges)[:, None] * way).astype(np.float32)
    return block * curve.reshape(-1)[: len(block), None]
