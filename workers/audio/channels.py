"""In which channels of a recording speech is heard, and how they become one without cancelling."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from workers.audio.samples import Samples

Covariance = np.ndarray[tuple[int, int], np.dtype[np.float64]]

CENTRE, BASS = "FC", "LFE"
STEREO = 2
# A channel with less power than this part of the loudest one's holds what leaked into it.
SILENT = 10 ** (-30 / 10)
# Dialogue is mixed into the centre; where it is this far down, it holds something else.
CENTRE_HEARD = 10 ** (-10 / 10)
# Below the first, a channel is another one inverted; between both, some of it would cancel.
INVERTED, CANCELLING = -0.6, -0.2


def measure_covariance(samples: Samples) -> Covariance:
    """The products of the channels of shape (n, channels), high frequencies raised as speech is."""
    bright = np.diff(samples.astype(np.float64), axis=0)
    return np.asarray(bright.T @ bright)


def choose_speech_weights(covariance: Covariance, names: Sequence[str]) -> tuple[float, ...]:
    """What each channel counts in the one that has the speech, by how loud and alike they are."""
    power = np.diag(covariance).copy()
    power[[name == BASS for name in names]] = 0.0
    if CENTRE in names and power[names.index(CENTRE)] > CENTRE_HEARD * power.max():
        return tuple(float(name == CENTRE) for name in names)
    if not power.any():
        return (1.0 / len(names),) * len(names)
    loudest = int(power.argmax())
    signs = [
        _choose_sign(covariance[loudest, one], power[loudest], power[one])
        for one in range(len(names))
    ]
    count = sum(map(abs, signs))
    return tuple(sign / count for sign in signs)


def _choose_sign(product: float, loudest: float, power: float) -> int:
    if power <= SILENT * loudest:
        return 0
    alike = product / np.sqrt(loudest * power)
    if alike < INVERTED:
        return -1
    return 0 if alike < CANCELLING else 1


class ChannelRepair(NamedTuple):
    """A channel is to have the sound of this one, times a factor."""

    source: int
    factor: float


def choose_repairs(covariance: Covariance, names: Sequence[str]) -> tuple[ChannelRepair, ...]:
    """What keeps speech from cancelling, or from one side only; empty where nothing is wrong.

    What is inverted is turned round, and a silent one of two channels gets the other's sound.
    """
    power = np.diag(covariance).copy()
    power[[name == BASS for name in names]] = 0.0
    if not power.any():
        return ()
    loudest = int(power.argmax())
    whole = [ChannelRepair(one, 1.0) for one in range(len(names))]
    repaired = [
        _repair_channel(one, loudest, covariance[loudest, one], power) for one in range(len(names))
    ]
    return () if repaired == whole else tuple(repaired)


def _repair_channel(
    one: int, loudest: int, product: float, power: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> ChannelRepair:
    if power[one] <= SILENT * power[loudest]:
        return ChannelRepair(loudest if len(power) == STEREO else one, 1.0)
    alike = product / np.sqrt(power[loudest] * power[one])
    return ChannelRepair(one, -1.0 if alike < INVERTED else 1.0)
