"""The mix of one chunk: dubbed speech over a bed that makes room for it, never clipped."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from workers.audio.gain import (
    Gains,
    apply_gain,
    compute_ducking,
    compute_limiter_gain,
    measure_peaks,
    measure_true_peaks,
)
from workers.audio.loudness import decibels_to_ratio
from workers.audio.samples import Samples
from workers.audio.separate import remove_voice
from workers.mixing.score import DUCKING_HOP, LIMITING_HOP, MixSettings, Span

QUIET, LOUD = -60.0, -40.0  # dBFS: no ducking below, all of it above


class MixedBlock(NamedTuple):
    """The whole, and what it consists of before the limiter, each of shape (n, 2)."""

    whole: Samples
    dub: Samples
    bed: Samples


def mix_block(
    bed: Samples,
    clips: Iterable[tuple[int, Samples]],
    held: Iterable[Span],
    settings: MixSettings,
    ceiling: float,
) -> MixedBlock:
    """Mono clips, each from a sample on (maybe a negative one), over a bed of shape (n, 2).

    No peak is above `ceiling`, an amplitude, between samples neither.
    """
    gain = np.float32(decibels_to_ratio(settings.gain))
    voice = np.zeros((len(bed), 1), np.float32)
    for offset, clip in clips:
        _add_clip(voice[:, 0], offset, clip)
    music = remove_voice(bed) if settings.separate else bed
    music = apply_gain(music, _compute_bed_gain(voice, held, settings), DUCKING_HOP) * gain
    dub = np.broadcast_to(voice * gain, bed.shape)
    loud = music + dub
    found = measure_true_peaks(loud, LIMITING_HOP, ceiling)
    return MixedBlock(
        apply_gain(loud, compute_limiter_gain(found, ceiling), LIMITING_HOP), dub, music
    )


def _add_clip(voice: Samples, offset: int, clip: Samples) -> None:
    """Add to the voice, in place, the part of the clip that falls into it."""
    first, last = max(offset, 0), min(offset + len(clip), len(voice))
    voice[first:last] += clip[first - offset : last - offset]


def _compute_bed_gain(voice: Samples, held: Iterable[Span], settings: MixSettings) -> Gains:
    """The bed's gain at the edges of the hops, by how loud the voice is in each."""
    loudness = 20 * np.log10(np.maximum(measure_peaks(voice, DUCKING_HOP), 1e-9))
    presence = np.clip((loudness - QUIET) / (LOUD - QUIET), 0.0, 1.0)
    for start, end in held:
        presence[start // DUCKING_HOP : -(-end // DUCKING_HOP)] = 1.0
    return np.asarray(10 ** (-settings.depth / 20 * compute_ducking(presence, settings.ducking)))
