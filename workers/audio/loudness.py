"""How loud sound is, by ITU-R BS.1770-4 and EBU Tech 3342, kept as powers of tenths of a second.

Tenths of different pieces can be put side by side, so that a dub of which little has changed is
measured without listening to the rest again.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workers.audio.samples import LAYOUTS, RATE, Samples

Powers = NDArray[np.float64]
Spans = Sequence[tuple[float, float]]

TENTH = RATE // 10
# A block of integrated loudness is 400 ms, one of short-term loudness 3 s.
BLOCK, SHORT_TERM = 4, 30
SILENCE = -70.0  # LUFS: what is softer counts for nothing
BELOW_MEAN, RANGE_BELOW_MEAN = -10.0, -20.0  # LU
OFFSET = -0.691  # dB

# The K-weighting of BS.1770-4, tables 1 and 2: a head's shelf and a high pass, at 48 kHz.
SHELF = "b0=1.53512485958697:b1=-2.69169618940638:b2=1.19839281085285"
SHELF += ":a0=1:a1=-1.69065929318241:a2=0.73248077421585"
HIGH_PASS = "b0=1:b1=-2:b2=1:a0=1:a1=-1.99004745483398:a2=0.99007225036621"  # noqa: S105


class Meter:
    """Weighs sound at 48 kHz as ears do; what it heard before rings on for some hundredths."""

    def __init__(self, channels: int) -> None:
        self._layout = LAYOUTS[channels]
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=RATE, format="fltp", layout=self._layout, time_base=Fraction(1, RATE)
        )
        shelf, high_pass = self._graph.add("biquad", SHELF), self._graph.add("biquad", HIGH_PASS)
        self._graph.link_nodes(source, shelf, high_pass, self._graph.add("abuffersink"))
        self._graph.configure()

    def measure_powers(self, block: Samples) -> Powers:
        """The mean square of each whole tenth of a block of shape (n, channels), channels added.

        Of all of it if it is shorter than that.
        """
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block.T), "fltp", self._layout)
        frame.sample_rate = RATE
        self._graph.push(frame)
        heard = np.asarray(self._graph.pull().to_ndarray(), np.float32)
        size = min(TENTH, len(block))
        tenths = heard[:, : len(block) // size * size].reshape(len(heard), -1, size)
        return np.asarray(np.einsum("ctn,ctn->t", tenths, tenths), np.float64) / size


def measure_tenths(sound: Samples) -> Powers:
    """What `Meter` tells of sound of shape (n, 2), a second at a time."""
    meter = Meter(2)
    seconds = [sound[at : at + RATE] for at in range(0, len(sound), RATE)]
    return np.concatenate([np.empty(0), *map(meter.measure_powers, seconds)])


def power_to_lufs(power: float) -> float:
    """Of a mean power, in LUFS; -inf for none."""
    return OFFSET + 10 * math.log10(power) if power > 0 else -math.inf


def lufs_to_power(lufs: float) -> float:
    """The mean power of a loudness."""
    return float(10 ** ((lufs - OFFSET) / 10))


def decibels_to_ratio(decibels: float) -> float:
    """Of two amplitudes."""
    return float(10 ** (decibels / 20))


def gate_powers(powers: Powers, below_mean: float = BELOW_MEAN) -> Powers:
    """The powers that pass both gates: the one of silence, and one relative to what passes it."""
    loud = powers[powers > lufs_to_power(SILENCE)]
    return loud[loud > loud.mean() * 10 ** (below_mean / 10)] if len(loud) else loud


def measure_speech_level(powers: Powers) -> float | None:
    """The loudness in LUFS of what is no pause, or None when all is silence."""
    loud = gate_powers(powers)
    return power_to_lufs(float(loud.mean())) if len(loud) else None


def compute_integrated_loudness(tenths: Powers) -> float | None:
    """The loudness of a programme in LUFS, or None when all is silence."""
    return measure_speech_level(_compute_means(tenths, BLOCK))


def compute_loudness_range(tenths: Powers) -> float:
    """The range in LU of short-term loudness, from its 10th percentile to its 95th."""
    loud = gate_powers(_compute_means(tenths, SHORT_TERM), RANGE_BELOW_MEAN)
    if not len(loud):
        return 0.0
    low, high = np.percentile(loud, [10, 95])
    return float(10 * np.log10(high / low))


def _compute_means(tenths: Powers, size: int) -> Powers:
    """The mean over each `size` tenths in a row; over all if they are fewer."""
    if not len(tenths):
        return tenths
    return np.asarray(sliding_window_view(tenths, min(size, len(tenths))).mean(axis=1))


def find_covered(times: NDArray[np.number], spans: Spans) -> NDArray[np.bool_]:
    """Which of the times, shape (n,), lie in one of the spans (start, end), ends excluded."""
    bounds = np.array(sorted(spans), float).reshape(-1, 2)
    before = np.searchsorted(bounds[:, 0], times, side="right")
    latest = np.concatenate([[-np.inf], np.maximum.accumulate(bounds[:, 1])])
    return times < latest[before]
