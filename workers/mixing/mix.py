"""The mix of one chunk: dubbed speech over a bed that makes room for it, never clipped."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from workers.audio.gain import Gains, apply, ducked, limiting, peaks, true_peaks
from workers.audio.loudness import ratio
from workers.audio.samples import Samples
from workers.audio.separate import instrumental
from workers.mixing.score import DUCKING_HOP, LIMITING_HOP, Settings, Span

QUIET, LOUD = -60.0, -40.0  # dBFS: no ducking below, all of it above


class Mix(NamedTuple):
    """The whole, and what it consists of before the limiter, each of shape (n, 2)."""

    whole: Samples
    dub: Samples
    bed: Samples


def mix(
    bed: Samples,
    clips: Iterable[tuple[int, Samples]],
    held: Iterable[Span],
    settings: Settings,
    ceiling: float,
) -> Mix:
    """Mono clips, each from a sample on (maybe a negative one), over a bed of shape (n, 2).

    No peak is above `ceiling`, an amplitude, between samples neither.
    """
    gain = np.float32(ratio(settings.gain))
    voice = np.zeros((len(bed), 1), np.float32)
    for offset, clip in clips:
        _overlay(voice[:, 0], offset, clip)
    music = instrumental(bed) if settings.separate else bed
    music = apply(music, _room(voice, held, settings), DUCKING_HOP) * gain
    dub = np.broadcast_to(voice * gain, bed.shape)
    loud = music + dub
    found = true_peaks(loud, LIMITING_HOP, ceiling)
    return Mix(apply(loud, limiting(found, ceiling), LIMITING_HOP), dub, music)


def _overlay(voice: Samples, offset: int, clip: Samples) -> None:
    """Add to the voice, in place, the part of the clip that falls into it."""
    first, last = max(offset, 0), min(offset + len(clip), len(voice))
    voice[first:last] += clip[first - offset : last - offset]


def _room(voice: Samples, held: Iterable[Span], settings: Settings) -> Gains:
    """The bed's gain at the edges of the hops, by how loud the voice is in each."""
    loudness = 20 * np.log10(np.maximum(peaks(voice, DUCKING_HOP), 1e-9))
    presence = np.clip((loudness - QUIET) / (LOUD - QUIET), 0.0, 1.0)
    for start, end in held:
        presence[start // DUCKING_HOP : -(-end // DUCKING_HOP)] = 1.0
    return np.asarray(10 ** (-settings.depth / 20 * ducked(presence, settings.ducking)))
