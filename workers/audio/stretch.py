"""Faster or slower speech at the same pitch; why Rubber Band: docs/adr/0002-time-stretch.md."""

import numpy as np
import pedalboard
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from workers.audio.samples import Samples


def stretch(clip: Samples, sample_rate: int, length: int) -> Samples:
    """The mono clip, shape (n,), played in exactly `length` samples at the same pitch."""
    if length == len(clip):
        return clip
    speed = len(clip) / length
    return exact(pedalboard.time_stretch(clip, float(sample_rate), speed).reshape(-1), length)


def resample(clip: Samples, sample_rate: int, rate: int, length: int) -> Samples:
    """The mono clip at another rate, in exactly `length` samples."""
    if sample_rate == rate:
        return exact(clip, length)
    frame = AudioFrame.from_ndarray(clip[None], "flt", "mono")
    frame.sample_rate = sample_rate
    resampler = AudioResampler("flt", "mono", rate)
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    parts = [np.asarray(part.to_ndarray(), np.float32).reshape(-1) for part in frames]
    return exact(np.concatenate(parts), length)


def exact(clip: Samples, length: int) -> Samples:
    """The clip cut or filled up with silence: what libraries return may be a sample off."""
    result = np.zeros(length, np.float32)
    result[: len(clip)] = clip[:length]
    return result
