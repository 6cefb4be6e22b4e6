"""A line's speech, made ready: its length to the sample, its level, its pitch."""

import numpy as np
import pytest
import soundfile as sf

from tests.media_samples import tone
from workers.audio.loudness import measure_speech_level
from workers.audio.samples import RATE
from workers.audio.stretch import resample, stretch
from workers.mixing.clips import fade_ends, measure_natural_powers, measure_powers, prepare_clip


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("length", [30_001, 48_000, 60_123])
def test_a_clip_is_ready_in_exactly_its_length_and_pitch(tmp_path, rate, length):
    sf.write(tmp_path / "clip.flac", tone(1.0, rate, 1), rate)
    clip = prepare_clip(tmp_path / "clip.flac", length, -20.0)
    assert clip.shape == (length,)
    assert measure_speech_level(measure_powers(clip)) == pytest.approx(-20, abs=0.3)
    middle = clip[8000:24_000]
    assert np.argmax(np.abs(np.fft.rfft(middle))) * RATE / len(middle) == pytest.approx(440, abs=4)
    assert abs(clip[0]) == abs(clip[-1]) == 0.0


def test_silence_stays_silent(tmp_path):
    sf.write(tmp_path / "clip.flac", np.zeros(4000, np.float32), 16_000)
    assert not prepare_clip(tmp_path / "clip.flac", 12_000, -20.0).any()


def test_powers_of_a_clip_are_those_of_both_channels(tmp_path):
    sf.write(tmp_path / "clip.flac", tone(0.5, 24_000, 1, 997.0), 24_000)
    found = measure_natural_powers(tmp_path / "clip.flac")
    assert len(found) == 5
    assert measure_speech_level(found) == pytest.approx(-12.04, abs=0.1)


def test_a_clip_keeps_its_timing_when_resampled():
    clip = np.zeros(24_000, np.float32)
    clip[12_000] = 1.0
    again = resample(clip, 24_000, RATE, 48_000)
    assert np.argmax(again) == pytest.approx(24_000, abs=1)


@pytest.mark.parametrize("length", [1, 50, 700, 9_999])
def test_stretching_gives_the_length_asked_for(length):
    assert len(stretch(tone(0.2, RATE, 1)[:, 0], RATE, length)) == length


def test_a_clip_of_its_own_length_is_not_stretched():
    clip = tone(0.2, RATE, 1)[:, 0]
    assert stretch(clip, RATE, len(clip)) is clip


def test_stretching_the_same_gives_the_same_however_it_lies_in_memory():
    noise = np.random.default_rng(1).standard_normal((9600, 2)).astype(np.float32)
    expected = stretch(noise[:, 0].copy(), RATE, 8000)
    assert np.array_equal(stretch(noise[:, 0], RATE, 8000), expected)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("speed", [0.8, 1.2, 2.0])
def test_what_is_stretched_comes_when_it_is_due(rate, speed):
    """A second of silence, a second of sound, half a second of silence."""
    clip = np.concatenate([np.zeros(rate), tone(1.0, rate, 1)[:, 0], np.zeros(rate // 2)])
    heard = np.abs(stretch(clip.astype(np.float32), rate, round(len(clip) / speed))) > 0.1
    starts, ends = np.argmax(heard) / rate, (len(heard) - np.argmax(heard[::-1])) / rate
    assert (starts, ends) == (
        pytest.approx(1 / speed, abs=0.02),
        pytest.approx(2 / speed, abs=0.02),
    )


def test_fades_begin_and_end_in_silence():
    assert fade_ends(np.ones(6, np.float32), 2).tolist() == [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    assert fade_ends(np.ones(1, np.float32), 2).tolist() == [1.0]
    assert fade_ends(np.ones(0, np.float32), 2).size == 0
