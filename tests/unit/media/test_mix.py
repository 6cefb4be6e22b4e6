"""Blocks of the mix: where takes fall, how gain moves, that memory stays flat."""

import threading

import numpy as np
import pytest
import soundfile as sf

from tests.media_samples import rms, tone
from workers.media.clips import faded, ready
from workers.media.gain import Reach, apply, follow, peaks
from workers.media.level import covered, gated, powers, speech_level
from workers.media.mix import BLOCK, CEILING, LOOKAHEAD, RATE, Take, dub, limited, over_bed
from workers.media.stretch import resample, stretch


def blocks_of(samples, size=BLOCK):
    return [samples[at : at + size] for at in range(0, len(samples), size)]


def test_takes_are_at_their_sample_also_across_blocks():
    takes = [
        Take(BLOCK - 3, 10, lambda: np.full(10, 0.5, np.float32)),
        Take(0, 4, lambda: np.full(4, 0.25, np.float32)),
    ]
    whole = np.concatenate(list(dub(takes, 2 * BLOCK + 7)))[:, 0]
    assert len(whole) == 2 * BLOCK + 7
    assert np.flatnonzero(whole == 0.25).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(whole == 0.5).tolist() == list(range(BLOCK - 3, BLOCK + 7))
    assert np.count_nonzero(whole) == 14


def test_takes_are_loaded_only_when_their_time_comes():
    loaded, lock = [], threading.Lock()

    def take(number: int) -> Take:
        def load() -> np.ndarray:
            with lock:
                loaded.append(number)
            return np.ones(10, np.float32)

        return Take(number * 10 * BLOCK, 10, load)

    stream = dub([take(number) for number in range(100)], 1000 * BLOCK)
    next(stream)
    assert set(loaded) <= {0}
    for _ in range(25):
        next(stream)
    assert max(loaded) * 10 * BLOCK <= 25 * BLOCK + LOOKAHEAD
    stream.close()


def test_the_bed_moves_smoothly_and_before_the_speech():
    speech = np.zeros((6 * RATE, 1), np.float32)
    speech[3 * RATE : 4 * RATE] = tone(1.0, channels=1)
    bed = np.ones((6 * RATE, 2), np.float32)
    mixed = np.concatenate(list(over_bed(blocks_of(speech), blocks_of(bed), 12.0)))
    curve = (mixed - speech)[:, 0]
    down = 10 ** (-12 / 20)
    assert curve[2 * RATE] == 1.0
    assert curve[3 * RATE : 4 * RATE] == pytest.approx(down, rel=0.01)
    assert curve[round(5.5 * RATE)] == 1.0
    assert np.abs(np.diff(curve)).max() < 0.001


def test_the_bed_stays_down_where_it_is_held():
    speech, bed = np.zeros((3 * RATE, 1), np.float32), np.ones((3 * RATE, 2), np.float32)
    mixed = np.concatenate(list(over_bed(blocks_of(speech), blocks_of(bed), 20.0, [(1.0, 2.0)])))
    assert mixed[RATE : 2 * RATE] == pytest.approx(0.1, rel=0.01)
    assert mixed[: RATE // 2].min() == 1.0


def test_quiet_speech_leaves_the_bed_alone():
    speech, bed = np.full((RATE, 1), 1e-4, np.float32), np.ones((RATE, 2), np.float32)
    (mixed,) = over_bed([speech], [bed], 20.0)
    assert mixed == pytest.approx(1.0001)


@pytest.mark.parametrize("seed", range(5))
def test_no_sample_passes_the_ceiling(seed):
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal((3 * RATE + 11, 2)).astype(np.float32) * 0.3
    sound[rng.integers(0, len(sound), 50)] = 3.0
    out = np.concatenate(list(limited(blocks_of(sound))))
    assert out.shape == sound.shape
    assert np.abs(out).max() <= CEILING * (1 + 1e-6)


def test_what_is_below_the_ceiling_is_not_touched():
    sound = tone(2.5)
    assert (np.concatenate(list(limited(blocks_of(sound)))) == sound).all()


def test_gain_is_down_for_the_whole_hop_that_asks_for_it():
    wanted = np.ones(40)
    wanted[20] = 0.25
    (edges,) = follow([wanted], Reach(hop=10, ahead=6, after=6, bend=5))
    assert edges[20] == edges[21] == pytest.approx(0.25)
    assert edges[8] == edges[33] == pytest.approx(1.0)
    assert len(edges) == 41


def test_gain_sees_over_the_edges_of_blocks():
    wanted = np.ones(90)
    wanted[[29, 31, 60]] = 0.5
    reach = Reach(hop=10, ahead=6, after=8, bend=5)
    (whole,) = follow([wanted], reach)
    parts = list(follow(wanted.reshape(3, 30), reach))
    assert np.concatenate([part[:-1] for part in parts]) == pytest.approx(whole[:-1])


def test_peaks_and_their_gain_for_a_partial_hop():
    block = np.array([[0.1, -0.2], [0.3, 0.0], [0.0, -0.9]], np.float32)
    assert peaks(block, 2) == pytest.approx([0.3, 0.9])
    assert apply(block, np.array([1.0, 0.5, 0.5]), 2)[1:] == pytest.approx(
        np.array([[0.225, 0.0], [0.0, -0.45]])
    )


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
@pytest.mark.parametrize("length", [30_001, 48_000, 60_123])
def test_a_clip_is_ready_in_exactly_its_length_and_pitch(tmp_path, rate, length):
    sf.write(tmp_path / "clip.flac", tone(1.0, rate, 1), rate)
    clip = ready(tmp_path / "clip.flac", RATE, length, -20.0)
    assert clip.shape == (length,)
    assert rms(clip[2000:-2000]) == pytest.approx(-20, abs=0.6)
    middle = clip[8000:24_000]
    assert np.argmax(np.abs(np.fft.rfft(middle))) * RATE / len(middle) == pytest.approx(440, abs=4)
    assert abs(clip[0]) == abs(clip[-1]) == 0.0


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


def test_fades_begin_and_end_in_silence():
    assert faded(np.ones(6, np.float32), 2).tolist() == [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    assert faded(np.ones(1, np.float32), 2).tolist() == [1.0]
    assert faded(np.ones(0, np.float32), 2).size == 0


def test_level_leaves_pauses_out():
    sound = np.concatenate([tone(1.0, 16_000, 1), np.zeros((48_000, 1), np.float32)])
    assert gated(powers(sound, 16_000)) == pytest.approx(rms(tone(1.0)), abs=0.05)


def test_silence_has_no_level():
    assert gated(powers(np.zeros(4000, np.float32), 16_000)) is None
    assert gated(powers(np.zeros(0, np.float32), 16_000)) is None


def test_level_of_speech_ignores_what_is_around_it():
    sound = np.concatenate([tone(2.0, 16_000, 1), 0.1 * tone(2.0, 16_000, 1)])
    found = speech_level(blocks_of(sound, 16_000), 16_000, [(2.5, 3.5)])
    assert found == pytest.approx(rms(0.1 * tone(1.0)), abs=0.05)
    assert speech_level(blocks_of(sound, 16_000), 16_000, []) is None


def test_covered_by_overlapping_spans():
    times = np.array([0.0, 1.0, 2.0, 5.0, 9.0, 10.0])
    spans = [(9.0, 10.0), (1.0, 6.0), (2.0, 3.0)]
    assert covered(times, spans).tolist() == [False, True, True, True, True, False]
