"""Gain curves: smooth, in time, and the same however the sound is parted."""

import numpy as np
import pytest

from tests.media_samples import tone
from workers.audio.gain import (
    LIMIT_REACH,
    DuckingShape,
    apply_gain,
    compute_ducking,
    compute_limiter_gain,
    measure_peaks,
    measure_true_peaks,
)

DUCKING = DuckingShape(attack=20, hold=30, release=40)


def test_the_bed_is_down_when_speech_begins_and_comes_back_after_it():
    presence = np.zeros(200)
    presence[100:110] = 1.0
    room = compute_ducking(presence, DUCKING)
    assert len(room) == 201
    assert (room[100:111] == 1.0).all()
    assert (room[111 : 111 + DUCKING.hold] == 1.0).all()
    assert (room[: 100 - DUCKING.before + 1] == 0.0).all()
    assert (room[110 + DUCKING.after :] == 0.0).all()
    assert np.abs(np.diff(room)).max() < np.pi / 2 / DUCKING.attack
    assert (np.diff(room[:101]) >= 0).all()
    assert (np.diff(room[110:]) <= 0).all()


def test_the_bed_goes_and_comes_in_the_time_asked_for():
    """Turns red when it comes back twice as fast."""
    shape = DuckingShape(attack=19, hold=30, release=39)
    presence = np.zeros(200)
    presence[100:110] = 1.0
    room = compute_ducking(presence, shape)
    going, coming = room[80:101], room[110 + shape.hold :][: shape.release + 2]
    for slope in (going, coming[::-1]):
        assert (slope[0], slope[-1]) == (0.0, 1.0)
        assert slope[1] > 0
        assert slope[len(slope) // 2] == pytest.approx(0.5)


def test_softer_speech_asks_for_less():
    presence = np.zeros(200)
    presence[100] = 0.25
    assert compute_ducking(presence, DUCKING).max() == 0.25


def test_a_part_with_enough_around_it_has_the_very_curve_of_the_whole():
    presence = np.random.default_rng(1).random(500) ** 8
    whole, first, last = compute_ducking(presence, DUCKING), 200, 300
    begin, end = first - DUCKING.after, last + DUCKING.before
    part = compute_ducking(presence[begin:end], DUCKING)
    assert (part[first - begin : last - begin] == whole[first:last]).all()


def test_limiting_in_parts_is_limiting_as_a_whole():
    found = np.random.default_rng(2).random(500)
    whole = compute_limiter_gain(found, 0.7)
    part = compute_limiter_gain(found[200 - LIMIT_REACH : 300 + LIMIT_REACH], 0.7)
    assert (part[LIMIT_REACH : LIMIT_REACH + 100] == whole[200:300]).all()


def test_the_limiter_is_down_for_the_whole_hop_that_asks_for_it():
    found = np.zeros(40)
    found[20] = 4.0
    edges = compute_limiter_gain(found, 1.0)
    assert edges[20] == edges[21] == pytest.approx(0.25)
    assert edges[8] == edges[33] == pytest.approx(1.0)
    assert len(edges) == 41


def test_what_is_below_the_ceiling_is_not_touched():
    sound = tone(0.5)
    edges = compute_limiter_gain(measure_peaks(sound, 48), 0.3)
    assert apply_gain(sound, edges, 48) is sound


def test_peaks_and_their_gain_for_a_partial_hop():
    block = np.array([[0.1, -0.2], [0.3, 0.0], [0.0, -0.9]], np.float32)
    assert measure_peaks(block, 2) == pytest.approx([0.3, 0.9])
    assert apply_gain(block, np.array([1.0, 0.5, 0.5]), 2)[1:] == pytest.approx(
        np.array([[0.225, 0.0], [0.0, -0.45]])
    )


@pytest.mark.parametrize("hertz", [12_000.0, 8_000.0, 997.0])
def test_peaks_between_samples_are_found(hertz):
    phase = np.pi / 4 if hertz == 12_000.0 else 0.3
    wave = np.sin(2 * np.pi * hertz * np.arange(4800) / 48_000 + phase).astype(np.float32)
    sound = np.stack([wave, 0.1 * wave], axis=1)
    inside = measure_true_peaks(sound, 48, 0.9)[2:-2]
    assert inside.max() == pytest.approx(1.0, abs=0.02)
    if hertz == 12_000.0:
        assert measure_peaks(sound, 48).max() == pytest.approx(np.sqrt(0.5), abs=0.001)


def test_hops_far_below_the_level_asked_for_are_not_looked_into():
    sound = 0.1 * tone(0.1)
    assert (measure_true_peaks(sound, 48, 1.0) == measure_peaks(sound, 48)).all()
