"""In which channels of a recording speech is heard, and how they become one without cancelling."""

from collections.abc import Sequence

import numpy as np

from workers.audio.samples import Samples

Covariance = np.ndarray[tuple[int, int], np.dtype[np.float64]]

CENTRE, BASS = "FC", "LFE"
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
