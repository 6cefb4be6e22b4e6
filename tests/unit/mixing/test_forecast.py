"""How loud a mix will be, told from its parts."""

from dataclasses import replace

import numpy as np
import pytest

from workers.audio.gain import DuckingShape
from workers.audio.loudness import TENTH, lufs_to_power
from workers.audio.samples import RATE
from workers.mixing.forecast import forecast_loudness
from workers.mixing.score import MixSettings, PlacedTake, Score

SETTINGS = MixSettings(-20.0, 0.0, 20.0, DuckingShape(20, 30, 40), separate=False)
TENTHS = 600
QUIET = np.full(TENTHS, lufs_to_power(-40.0))
CLIP = {"a": np.full(50, lufs_to_power(-31.0))}


def score(*takes: PlacedTake, **settings: object) -> Score:
    return Score(TENTHS * TENTH, "bed", takes, (), replace(SETTINGS, **settings))


def test_speech_is_as_loud_as_asked_for_whatever_its_clip_was():
    takes = [PlacedTake("a", at * 10 * RATE, 8 * RATE) for at in range(6)]
    assert forecast_loudness(score(*takes), QUIET, CLIP) == pytest.approx(-20.0, abs=0.4)


def test_a_bed_alone_is_as_loud_as_it_is():
    assert forecast_loudness(score(), QUIET, {}) == pytest.approx(-40.0, abs=0.01)


def test_the_bed_counts_for_less_under_speech():
    loud = np.full(TENTHS, lufs_to_power(-20.0))
    everywhere = PlacedTake("a", 0, TENTHS * TENTH)
    soft = score(everywhere, level=-60.0)
    assert forecast_loudness(soft, loud, CLIP) == pytest.approx(-40.0, abs=0.1)


def test_powers_add_up():
    everywhere = PlacedTake("a", 0, TENTHS * TENTH)
    equal = score(everywhere, depth=0.0, level=-40.0)
    assert forecast_loudness(equal, QUIET, CLIP) == pytest.approx(-37.0, abs=0.05)


def test_silence_has_no_loudness():
    assert (
        forecast_loudness(score(PlacedTake("a", 0, RATE)), np.zeros(10), {"a": np.zeros(3)}) is None
    )
