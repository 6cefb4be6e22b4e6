"""What is known of a recording's sound without keeping it: how loud it is when, and how wide."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backend.media.tracks import ANY, TrackWish
from workers.audio.loudness import TENTH, Meter, Powers
from workers.audio.samples import RATE
from workers.media.decode import UNREPAIRED, Repairs, decode_blocks, fit_blocks

# What differs between left and right, against all there is: less is a mono recording's noise.
NARROW = 10 ** (-30 / 10)


class RecordingLevels(NamedTuple):
    """Powers of its tenths of a second, and whether left and right differ."""

    tenths: Powers
    wide: bool


def measure_recording(
    path: Path,
    total: int,
    progress: Callable[[float], None],
    track: TrackWish = ANY,
    repairs: Repairs = UNREPAIRED,
) -> RecordingLevels:
    """Listen to `total` samples at 48 kHz, a decoding pass; `progress` gets 0..1."""
    meter, side, sum_ = Meter(2), 0.0, 0.0
    tenths = np.zeros(-(-total // TENTH))
    sound = decode_blocks(path, RATE, 2, track=track, repairs=repairs)
    for second, block in enumerate(fit_blocks(sound, total, RATE, 2)):
        found = meter.measure_powers(block)
        tenths[10 * second : 10 * second + len(found)] = found
        side += float(np.square(block[:, 0] - block[:, 1]).sum())
        sum_ += float(np.square(block).sum())
        progress((second * RATE + len(block)) / total)
    return RecordingLevels(tenths, wide=side > NARROW * sum_)
