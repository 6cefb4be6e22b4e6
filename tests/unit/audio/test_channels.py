"""How channels become one that has the speech."""

import numpy as np
import pytest

from workers.audio.channels import choose_speech_weights, measure_covariance

STEREO = ("FL", "FR")
SURROUND = ("FL", "FR", "FC", "LFE", "BL", "BR")

rng = np.random.default_rng(1)
VOICE, OTHER, NOISE = rng.normal(size=(3, 48_000))
NOTHING = np.zeros(48_000)


def weigh(*channels, names=STEREO):
    return choose_speech_weights(measure_covariance(np.stack(channels, axis=1)), names)


@pytest.mark.parametrize(
    ("channels", "weights"),
    [
        ((VOICE, VOICE), (0.5, 0.5)),
        ((VOICE, OTHER), (0.5, 0.5)),  # a speaker at each microphone
        ((VOICE, -VOICE), (0.5, -0.5)),
        ((VOICE, -0.3 * VOICE), (0.5, -0.5)),
        ((1.1 * VOICE + NOISE / 3, -VOICE + NOISE / 3), (0.5, -0.5)),
        ((1.1 * VOICE + OTHER, -VOICE + NOISE), (1.0, 0.0)),
        ((VOICE, NOTHING), (1.0, 0.0)),
        ((NOISE / 1000, VOICE), (0.0, 1.0)),
        ((NOTHING, NOTHING), (0.5, 0.5)),
    ],
)
def test_stereo(channels, weights):
    assert weigh(*channels) == weights


def test_surround_speaks_in_its_centre_if_that_is_used():
    around = (NOISE, OTHER, NOISE, OTHER, NOISE)
    spoken = (*around[:2], VOICE, 5 * NOISE, *around[3:])
    assert weigh(*spoken, names=SURROUND) == (0, 0, 1, 0, 0, 0)
    silent = (VOICE, -VOICE, NOTHING, 5 * NOISE, NOTHING, NOTHING)
    assert weigh(*silent, names=SURROUND) == (0.5, -0.5, 0, 0, 0, 0)
