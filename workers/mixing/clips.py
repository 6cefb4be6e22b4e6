"""A line's speech, made ready for the mix: level, length and rate as the plan has them."""

from pathlib import Path

import numpy as np
import soundfile as sf

from workers.audio.loudness import Meter, Powers, decibels_to_ratio, measure_speech_level
from workers.audio.samples import RATE, Samples
from workers.audio.stretch import resample, stretch

FADE = 0.005  # seconds: too short to hear, long enough not to click
# A clip this much off its place is cut or filled up: that is silence, or the end of a fade.
SAME = 0.002  # seconds


def prepare_clip(path: Path, length: int, wanted: float) -> Samples:
    """The mono clip in exactly `length` samples at 48 kHz, stretched as that needs.

    Its speech is brought to `wanted` LUFS.
    """
    clip, own_rate = sf.read(path, dtype="float32")
    samples = round(length * own_rate / RATE)
    if abs(samples - len(clip)) > SAME * own_rate:
        clip = stretch(clip, own_rate, samples)
    clip = resample(clip, own_rate, RATE, length)
    natural = measure_speech_level(measure_powers(clip))
    if natural is not None:
        clip = clip * np.float32(decibels_to_ratio(wanted - natural))
    return fade_ends(clip, round(RATE * FADE))


def measure_powers(clip: Samples) -> Powers:
    """What `Meter` tells of a mono clip at 48 kHz when both channels play it."""
    return 2 * Meter(1).measure_powers(clip[:, None]) if len(clip) else np.empty(0)


def measure_natural_powers(path: Path) -> Powers:
    """The powers of a clip as it was made."""
    clip, own_rate = sf.read(path, dtype="float32")
    return measure_powers(resample(clip, own_rate, RATE, round(len(clip) * RATE / own_rate)))


def fade_ends(clip: Samples, ramp: int) -> Samples:
    """The clip with `ramp` samples of fade at each end."""
    ramp = min(ramp, len(clip) // 2)
    gain = np.ones(len(clip), np.float32)
    gain[:ramp] = np.arange(ramp, dtype=np.float32) / max(ramp, 1)
    gain[len(clip) - ramp :] = gain[:ramp][::-1]
    return clip * gain
