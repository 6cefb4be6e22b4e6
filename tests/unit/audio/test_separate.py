"""Voices in the middle are taken out, what stands aside stays."""

import numpy as np
import pytest

from tests.media_samples import rms, tone
from workers.audio.samples import RATE
from workers.audio.separate import remove_voice
from workers.mixing.score import CHUNK_STEP


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left[:, 0], right[:, 0]], axis=1)


def test_what_both_channels_share_goes():
    voice = tone(2.0, hertz=700.0)
    left = remove_voice(voice)
    assert left.shape == voice.shape
    assert rms(left[RATE // 2 : -RATE // 2]) < rms(voice) - 40


def test_what_stands_aside_stays():
    guitar = stereo(tone(2.0, hertz=900.0), np.zeros((2 * RATE, 1), np.float32))
    assert remove_voice(guitar) == pytest.approx(guitar, abs=1e-4)


def test_a_voice_goes_and_the_guitar_beside_it_stays():
    guitar = stereo(tone(2.0, hertz=1500.0), np.zeros((2 * RATE, 1), np.float32))
    kept = remove_voice(guitar + tone(2.0, hertz=500.0))
    inside = slice(RATE // 2, -RATE // 2)
    assert rms(kept[inside] - guitar[inside]) < -50


def test_the_bass_stays():
    bass = tone(2.0, hertz=50.0)
    inside = slice(RATE // 2, -RATE // 2)
    assert rms(remove_voice(bass)[inside]) == pytest.approx(rms(bass[inside]), abs=0.1)


def test_in_parts_it_is_what_it_is_as_a_whole():
    sound = np.random.default_rng(0).standard_normal((8 * CHUNK_STEP, 2)).astype(np.float32)
    whole, part = remove_voice(sound), remove_voice(sound[2 * CHUNK_STEP : 6 * CHUNK_STEP])
    inside = slice(3 * CHUNK_STEP, 5 * CHUNK_STEP)
    assert part[CHUNK_STEP : 3 * CHUNK_STEP] == pytest.approx(whole[inside], abs=1e-5)
