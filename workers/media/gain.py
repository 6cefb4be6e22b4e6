"""Gain that follows a signal and looks ahead: one mechanism for ducking and for limiting.

A signal is judged hop by hop; each hop asks for a gain, and `follow` draws a smooth curve that
comes down before a hop that asks for less begins, and goes up after it has ended.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workers.media.decode import Samples

Gains = NDArray[np.float64]


@dataclass(frozen=True)
class Reach:
    """How far a hop of `hop` samples makes itself felt, in hops.

    Its gain holds from `ahead` hops before to `after` hops behind it, and the curve bends over
    `bend` hops on either side. A `bend` less than both keeps it at or below what every hop asks.
    """

    hop: int
    ahead: int
    after: int
    bend: int


def peaks(block: Samples, hop: int) -> Gains:
    """The largest magnitude in each hop of a block of shape (n, channels)."""
    starts = np.arange(0, block.size, hop * block.shape[1])
    return np.maximum.reduceat(np.abs(block).reshape(-1), starts).astype(np.float64)


def follow(wanted: Iterable[Gains], reach: Reach) -> Iterator[Gains]:
    """For each array of n gains, one a hop, the curve at their n + 1 edges.

    Arrays but the last must be at least `ahead + bend` hops long; each comes out when the one
    after it is known.
    """
    front = np.ones(reach.ahead + reach.bend)
    past, now = np.ones(reach.after + reach.bend), None
    for coming in chain(wanted, [front]):
        if now is not None:
            seen = np.concatenate([past, now])
            following = np.concatenate([coming, front])[: len(front)]
            yield _curve(np.concatenate([seen, following]), reach)
            past = seen[-len(past) :]
        now = coming


def _curve(wanted: Gains, reach: Reach) -> Gains:
    """The least gain around each edge, then a Hann-weighted mean, without what lacks context."""
    least = sliding_window_view(wanted, reach.ahead + reach.after).min(axis=1)
    if (least == 1.0).all():
        return np.ones(len(least) - 2 * reach.bend)  # exactly, so that `apply` has nothing to do
    weights = np.hanning(2 * reach.bend + 3)[1:-1]
    return np.convolve(least, weights / weights.sum(), mode="valid")


def apply(block: Samples, edges: Gains, hop: int) -> Samples:
    """The block of shape (n, channels) under the curve that `follow` drew for it."""
    if (edges == 1.0).all():
        return block
    curve = np.interp(np.arange(len(block)) / hop, np.arange(len(edges)), edges)
    return block * curve.astype(np.float32)[:, None]
