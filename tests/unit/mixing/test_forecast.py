"""How loud a mix will be, told from its parts."""

from dataclasses import replace

import numpy as np
import pytest

from workers.audio.gain import Ducking
from workers.audio.loudness import TENTH, power
from workers.audio.samples import RATE
from workers.mixing.forecast import forecast
from workers.mixing.score import Score, Settings, Take

SETTINGS = Settings(-20.0, 0.0, 20.0, Ducking(20, 30, 40), separate=False)
TENTHS = 600
QUIET = np.full(TENTHS, power(-40.0))
CLIP = {"a": np.full(50, power(-31.0))}


def score(*takes: Take, **settings: object) -> Score:
    return Score(TENTHS * TENTH, "bed", takes, (), replace(SETTINGS, **settings))


def test_speech_is_as_loud_as_asked_for_whatever_its_clip_was():
    takes = [Take("a", at * 10 * RATE, 8 * RATE) for at in range(6)]
    assert forecast(score(*takes), QUIET, CLIP) == pytest.approx(-20.0, abs=0.4)


def test_a_bed_alone_is_as_loud_as_it_is():
    assert forecast(score(), QUIET, {}) == pytest.approx(-40.0, abs=0.01)


def test_the_bed_counts_for_less_under_speech():
    loud = np.full(TENTHS, power(-20.0))
    everywhere = Take("a", 0, TENTHS * TENTH)
    soft = score(everywhere, level=-60.0)
    assert forecast(soft, loud, CLIP) == pytest.approx(-40.0, abs=0.1)


def test_powers_add_up():
    everywhere = Take("a", 0, TENTHS * TENTH)
    equal = score(everywhere, depth=0.0, level=-40.0)
    assert forecast(equal, QUIET, CLIP) == pytest.approx(-37.0, abs=0.05)


def test_silence_has_no_loudness():
    assert forecast(score(Take("a", 0, RATE)), np.zeros(10), {"a": np.zeros(3)}) is None
