"""The mix, a second at a time: dubbed speech over a bed that makes room for it, never clipped."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import tee

import numpy as np

from workers.media.decode import Samples
from workers.media.gain import Gains, Reach, apply, follow, peaks
from workers.media.level import Spans, covered

RATE = 48_000
BLOCK = RATE

# Clips are read and stretched while the blocks before them are mixed and encoded.
LOOKAHEAD = 10 * RATE
LOADERS = 2

# In 10 ms hops: the bed is down a tenth of a second before the speech, stays down over the
# pauses within a sentence, and comes back over a third of a second.
DUCKING = Reach(hop=RATE // 100, ahead=22, after=40, bend=12)
QUIET, LOUD = -60.0, -40.0  # dBFS: no ducking below, all of it above

# 1 ms hops and 5 ms of look-ahead; -1.5 dBFS in samples leaves 0.5 dB for the AAC encoder and for
# peaks between samples, so that players stay under the -1 dBTP of EBU R128.
LIMITING = Reach(hop=RATE // 1000, ahead=6, after=6, bend=5)
CEILING = 10 ** (-1.5 / 20)


@dataclass(frozen=True)
class Take:
    """A clip in the mix: mono samples, `length` of them, at sample `start`; `load` fetches them."""

    start: int
    length: int
    load: Callable[[], Samples]


def dub(takes: Iterable[Take], total: int) -> Iterator[Samples]:
    """The takes on a silent track of `total` samples, in blocks of shape (n, 1)."""
    waiting = deque(sorted(takes, key=lambda take: take.start))
    loading: list[tuple[Take, Future[Samples]]] = []
    with ThreadPoolExecutor(LOADERS) as pool:
        for start in range(0, total, BLOCK):
            block = np.zeros((min(BLOCK, total - start), 1), np.float32)
            while waiting and waiting[0].start < start + LOOKAHEAD:
                loading.append((waiting[0], pool.submit(waiting.popleft().load)))
            for take, future in loading:
                if take.start < start + len(block):
                    _overlay(block[:, 0], take.start - start, future.result())
            loading = [(t, f) for t, f in loading if t.start + t.length > start + len(block)]
            yield block


def _overlay(block: Samples, offset: int, clip: Samples) -> None:
    """Add to the block, in place, the part of the clip that falls into it."""
    first, last = max(offset, 0), min(offset + len(clip), len(block))
    block[first:last] += clip[first - offset : last - offset]


def over_bed(
    speech: Iterable[Samples], bed: Iterable[Samples], depth: float, held: Spans = ()
) -> Iterator[Samples]:
    """The speech, shape (n, 1), over a stereo bed that it lowers by up to `depth` dB.

    The bed also stays down throughout the spans `held`, in seconds. Both come in equal blocks.
    """
    heard, key = tee(speech)
    wanted = (_room(block, index, depth, held) for index, block in enumerate(key))
    for voice, under, edges in zip(heard, bed, follow(wanted, DUCKING), strict=True):
        yield apply(under, edges, DUCKING.hop) + voice


def _room(speech: Samples, index: int, depth: float, held: Spans) -> Gains:
    """The gain that each hop of the block's speech asks the bed to have."""
    loudness = peaks(speech, DUCKING.hop)
    presence = (20 * np.log10(np.maximum(loudness, 1e-9)) - QUIET) / (LOUD - QUIET)
    times = index * BLOCK / RATE + np.arange(len(loudness)) * DUCKING.hop / RATE
    presence = np.where(covered(times, held), 1.0, np.clip(presence, 0.0, 1.0))
    return 10 ** (-depth * presence / 20)


def limited(mixed: Iterable[Samples]) -> Iterator[Samples]:
    """The blocks, with no sample above `CEILING`: the gain is down before a peak comes."""
    blocks, key = tee(mixed)
    wanted = (
        np.minimum(1.0, CEILING / np.maximum(peaks(block, LIMITING.hop), CEILING)) for block in key
    )
    for block, edges in zip(blocks, follow(wanted, LIMITING), strict=True):
        yield apply(block, edges, LIMITING.hop)
