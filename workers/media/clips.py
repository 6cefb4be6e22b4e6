"""A line's speech, made ready for the mix: level, length and rate as the plan has them."""

from pathlib import Path

import numpy as np
import soundfile as sf

from workers.media.decode import Samples
from workers.media.level import gated, powers
from workers.media.stretch import resample, stretch

FADE = 0.005  # seconds: too short to hear, long enough not to click
# A clip this much off its place is cut or filled up: that is silence, or the end of a fade.
SAME = 0.002  # seconds


def ready(path: Path, rate: int, length: int, level: float) -> Samples:
    """The mono clip in exactly `length` samples at `rate` Hz, stretched as that needs.

    Its speech is brought to `level` dBFS (see `workers.media.level`).
    """
    clip, own_rate = sf.read(path, dtype="float32")
    natural = gated(powers(clip, own_rate))
    if natural is not None:
        clip = clip * np.float32(10 ** ((level - natural) / 20))
    wanted = round(length * own_rate / rate)
    if abs(wanted - len(clip)) > SAME * own_rate:
        clip = stretch(clip, own_rate, wanted)
    return faded(resample(clip, own_rate, rate, length), round(rate * FADE))


def faded(clip: Samples, ramp: int) -> Samples:
    """The clip with `ramp` samples of fade at each end."""
    ramp = min(ramp, len(clip) // 2)
    gain = np.ones(len(clip), np.float32)
    gain[:ramp] = np.arange(ramp, dtype=np.float32) / max(ramp, 1)
    gain[len(clip) - ramp :] = gain[:ramp][::-1]
    return clip * gain
