"""Faster or slower speech at the same pitch; why Signalsmith: docs/adr/0008-stretch-freely.md."""

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from python_stretch.Signalsmith import Stretch

from workers.audio.samples import Samples

# Half of the library's own, which suit music: syllables keep their beginnings better.
BLOCK, STEP = 0.06, 0.015  # seconds
SEED = 1  # any, but always the same: a clip that is stretched again must be the same samples


def stretch(clip: Samples, sample_rate: int, length: int) -> Samples:
    """The mono clip, shape (n,), played in exactly `length` samples at the same pitch."""
    if length == len(clip):
        return clip
    voice = Stretch(SEED)
    voice.configure(1, round(BLOCK * sample_rate), round(STEP * sample_rate))
    voice.setTimeFactor(len(clip) / length)
    # The library reads memory as it lies: one channel of a stereo array would be both, mixed up.
    stretched = voice.process(np.ascontiguousarray(clip)[None])
    return fit_length(np.asarray(stretched, np.float32)[0], length)


def resample(clip: Samples, sample_rate: int, rate: int, length: int) -> Samples:
    """The mono clip at another rate, in exactly `length` samples."""
    if sample_rate == rate:
        return fit_length(clip, length)
    frame = AudioFrame.from_ndarray(clip[None], "flt", "mono")
    frame.sample_rate = sample_rate
    resampler = AudioResampler("flt", "mono", rate)
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    parts = [np.asarray(part.to_ndarray(), np.float32).reshape(-1) for part in frames]
    return fit_length(np.concatenate(parts), length)


def fit_length(clip: Samples, length: int) -> Samples:
    """The clip cut or filled up with silence: what libraries return may be a sample off."""
    result = np.zeros(length, np.float32)
    result[: len(clip)] = clip[:length]
    return result
