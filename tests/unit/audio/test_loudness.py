"""Loudness against ffmpeg's ebur128 and the signals of EBU Tech 3341 and 3342."""

from pathlib import Path

import numpy as np
import pytest

from tests.loudness_meter import ebur128
from tests.media_samples import tone, write
from workers.audio.loudness import (
    RATE,
    compute_integrated_loudness,
    compute_loudness_range,
    find_covered,
    lufs_to_power,
    measure_speech_level,
    measure_tenths,
)
from workers.mixing.listen import measure_recording


def sine(seconds: float, lufs: float) -> np.ndarray:
    """997 Hz in both channels, which is as loud in LUFS as each channel's peak in dBFS."""
    return 4 * 10 ** (lufs / 20) * tone(seconds, hertz=997.0)


def test_a_sine_has_the_loudness_that_the_standard_says():
    assert compute_integrated_loudness(measure_tenths(sine(20, -23.0))) == pytest.approx(
        -23.0, abs=0.05
    )
    assert compute_integrated_loudness(measure_tenths(sine(20, -33.0))) == pytest.approx(
        -33.0, abs=0.05
    )


def test_softer_parts_are_left_out_by_the_gates():
    sound = np.concatenate([sine(10, -36.0), sine(60, -23.0), sine(10, -36.0)])
    assert compute_integrated_loudness(measure_tenths(sound)) == pytest.approx(-23.0, abs=0.05)
    sound = np.concatenate([sine(10, -72.0), sine(10, -36.0), sine(60, -23.0), sine(10, -72.0)])
    assert compute_integrated_loudness(measure_tenths(sound)) == pytest.approx(-23.0, abs=0.05)


@pytest.mark.parametrize(("below", "expected"), [(9.8, -23.6), (10.2, -23.0)])
def test_what_is_ten_below_the_mean_is_left_out_and_what_is_nearer_counts(below, expected):
    """A minute at -23 and ten seconds of something soft have a mean of -23.6 LUFS."""
    sound = np.concatenate([sine(60, -23.0), sine(10, -23.6 - below)])
    found = compute_integrated_loudness(measure_tenths(sound))
    assert found == pytest.approx(expected, abs=0.05)


def test_what_is_softer_than_seventy_below_counts_for_nothing():
    hum = measure_tenths(sine(10, -75.0))
    assert measure_speech_level(hum) is None
    assert compute_integrated_loudness(hum) is None
    # Not below the mean by so much that the other gate would shut.
    soft = np.concatenate([sine(10, -66.0), sine(10, -75.0)])
    assert measure_speech_level(measure_tenths(soft)) == pytest.approx(-66.0, abs=0.1)


@pytest.mark.parametrize(("soft", "loud", "expected"), [(-30, -20, 10), (-20, -15, 5)])
def test_the_range_between_soft_and_loud(soft, loud, expected):
    sound = np.concatenate([sine(20, soft), sine(20, loud)])
    assert compute_loudness_range(measure_tenths(sound)) == pytest.approx(expected, abs=0.3)


def test_silence_has_no_loudness():
    silence = np.zeros((RATE, 2), np.float32)
    assert compute_integrated_loudness(measure_tenths(silence)) is None
    assert compute_integrated_loudness(np.empty(0)) is None
    assert measure_speech_level(np.empty(0)) is None
    assert compute_loudness_range(measure_tenths(silence)) == 0.0


def test_sound_shorter_than_a_tenth_has_one_power():
    assert measure_tenths(sine(0.05, -23.0)).shape == (1,)


def test_level_leaves_pauses_out():
    sound = np.concatenate([sine(1, -23.0), np.zeros((3 * RATE, 2), np.float32)])
    assert measure_speech_level(measure_tenths(sound)) == pytest.approx(-23.0, abs=0.1)


def test_ffmpeg_hears_the_same(tmp_path):
    rng = np.random.default_rng(0)
    envelope = np.repeat(rng.random(30) ** 2, RATE // 2)[:, None]
    sound = (0.5 * envelope * rng.standard_normal((15 * RATE, 2))).astype(np.float32)
    path = write(tmp_path / "noise.flac", sound.clip(-1, 1))
    heard = measure_recording(path, len(sound), lambda _: None)
    expected = ebur128(path)
    assert compute_integrated_loudness(heard.tenths) == pytest.approx(expected.integrated, abs=0.05)
    assert compute_loudness_range(heard.tenths) == pytest.approx(expected.range, abs=0.2)
    assert heard.wide


def test_a_recording_is_narrow_when_its_channels_are_the_same(tmp_path: Path):
    path = write(tmp_path / "mono.wav", tone(1.05, channels=1))
    told: list[float] = []
    heard = measure_recording(path, round(1.1 * RATE), told.append)
    assert not heard.wide
    assert len(heard.tenths) == 11
    assert heard.tenths[5] == pytest.approx(lufs_to_power(-15.05 + 3.01 - 0.69), rel=0.2)
    assert told[-1] == 1.0


def test_covered_by_overlapping_spans():
    times = np.array([0.0, 1.0, 2.0, 5.0, 9.0, 10.0])
    spans = [(9.0, 10.0), (1.0, 6.0), (2.0, 3.0)]
    assert find_covered(times, spans).tolist() == [False, True, True, True, True, False]
