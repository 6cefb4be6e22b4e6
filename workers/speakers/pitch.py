"""How high a voice is: its median fundamental frequency, found by autocorrelation.

Boersma: Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio
of a sampled sound (1993), without its path finding, which a median does not need.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from pathlib import Path

import numpy as np
import soundfile
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from backend.documents.transcripts import Segment, Speaker
from workers.speakers.encoder import Floats
from workers.speakers.sound import read_excerpts

LOWEST_HZ, HIGHEST_HZ = 70, 400
FRAME_S, HOP_S = 0.04, 0.01  # nearly three periods of the lowest voice
# Boersma's: what is quieter than this share of the loudest frame is silence, what repeats itself
# less than this is no voice.
SILENCE, VOICED = 0.03, 0.45
# An octave lower must be better by this. With Boersma's 0.01 espeak-ng's voices often fell by one.
OCTAVE_COST = 0.05
# The longest segments tell a speaker's pitch; the whole of a long recording tells no more.
MOST_SEGMENTS, LONGEST_S = 20, 10.0

Span = tuple[float, float]


def measure_speakers(wav: Path, segments: Iterable[Segment]) -> tuple[Speaker, ...]:
    """The speakers in order of appearance, each with the pitch that is heard in `wav` (mono)."""
    spans: defaultdict[str | None, list[Span]] = defaultdict(list)
    for segment in segments:
        spans[segment.speaker].append((segment.start, min(segment.end, segment.start + LONGEST_S)))
    return tuple(
        Speaker(label=label, pitch_hz=_measure_pitch(wav, own)) for label, own in spans.items()
    )


def _measure_pitch(wav: Path, spans: Sequence[Span]) -> float | None:
    longest = nlargest(MOST_SEGMENTS, spans, key=lambda span: span[1] - span[0])
    return compute_median_pitch(read_excerpts(wav, longest), soundfile.info(wav).samplerate)


def compute_median_pitch(speech: Iterable[Floats], sample_rate: int) -> float | None:
    """The median over the voiced frames of mono speech, in Hz; None where nothing is voiced."""
    found = [hertz for samples in speech for hertz in _find_voiced(samples, sample_rate)]
    return round(float(np.median(found)), 1) if found else None


def _find_voiced(samples: Floats, sample_rate: int) -> Iterator[float]:
    size, hop = round(FRAME_S * sample_rate), round(HOP_S * sample_rate)
    if len(samples) < size or not samples.any():
        return
    frames = sliding_window_view(samples.astype(np.float64), size)[::hop]
    frames = frames - frames.mean(axis=1, keepdims=True)
    loudest = np.abs(frames).max(axis=1)
    frames = frames[loudest > SILENCE * loudest.max()]
    lags = np.arange(sample_rate // HIGHEST_HZ, sample_rate // LOWEST_HZ + 1)
    window = np.hanning(size)
    own = _compute_autocorrelation(window[None], lags)
    alike = _compute_autocorrelation(frames * window, lags) / own
    best = np.argmax(alike - OCTAVE_COST * np.log2(lags), axis=1)
    strength = np.take_along_axis(alike, best[:, None], axis=1)[:, 0]
    yield from sample_rate / lags[best[strength > VOICED]]


def _compute_autocorrelation(
    frames: NDArray[np.float64], lags: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How like itself each frame is after each lag, 1 being the same."""
    spectrum = np.fft.rfft(frames, 2 * frames.shape[1])
    products = np.fft.irfft(np.abs(spectrum) ** 2)
    return products[:, lags] / products[:, :1]
