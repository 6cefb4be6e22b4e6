"""Chunks rendered by themselves against everything rendered at once."""

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.media_samples import tone, write
from workers.audio.gain import DuckingShape, measure_peaks
from workers.audio.samples import RATE
from workers.mixing.bed import BedReader
from workers.mixing.mix import MixedBlock, mix_block
from workers.mixing.render import CEILING, LIMIT, WORKERS, render_chunks
from workers.mixing.score import CHUNK, Chunk, MixSettings, PlacedTake, Score

SETTINGS = MixSettings(-23.0, 0.0, 18.0, DuckingShape(20, 30, 40), separate=False)
TOTAL = 3 * CHUNK + 12_345


def speech(take: PlacedTake) -> np.ndarray:
    """Bursts that a limiter has to do with."""
    rng = np.random.default_rng(take.length)
    return (rng.standard_normal(take.length) * rng.random(take.length) ** 4).astype(np.float32)


def score(*takes: PlacedTake, total: int = TOTAL, **settings: object) -> Score:
    held = ((CHUNK - 5000, CHUNK + 3000), (2 * CHUNK, 2 * CHUNK + 100))
    return Score(total, "bed", takes, held, replace(SETTINGS, **settings))


TAKES = (
    PlacedTake("a", CHUNK - 60_000, 50_000),
    PlacedTake("b", CHUNK - 3, 7000),
    PlacedTake("c", 2 * CHUNK - 30_000, 60_001),
)


def whole(score: Score, bed: np.ndarray) -> MixedBlock:
    everything = Chunk(0, score.total, 0, score.total, final=True)
    placed = [(take.start, speech(take)) for take in score.takes]
    return mix_block(bed, placed, score.find_holds(everything), score.settings, CEILING)


@pytest.fixture(scope="module")
def bed() -> np.ndarray:
    rng = np.random.default_rng(5)
    return (0.25 * rng.standard_normal((TOTAL, 2))).astype(np.float32).clip(-1, 1)


def test_chunks_side_by_side_are_the_mix_as_a_whole_bit_by_bit(bed):
    asked = score(*TAKES)
    expected = whole(asked, bed)
    for chunk in asked.chunks:
        placed = [(take.start - chunk.first, speech(take)) for take in asked.find_takes(chunk)]
        around = bed[chunk.first : chunk.last]
        part = mix_block(around, placed, asked.find_holds(chunk), asked.settings, CEILING)
        for found, all_ in zip(part, expected, strict=True):
            assert (found[chunk.own] == all_[chunk.start : chunk.end]).all()


def test_so_are_chunks_with_the_voices_taken_out(bed):
    asked = score(*TAKES, separate=True)
    expected = whole(asked, bed).bed
    chunk = asked.chunks[1]
    part = mix_block(
        bed[chunk.first : chunk.last], [], asked.find_holds(chunk), asked.settings, CEILING
    )
    quiet = slice(CHUNK + 120_000, CHUNK + 300_000)  # where the whole has no take either
    inside = slice(quiet.start - chunk.first, quiet.stop - chunk.first)
    assert np.abs(part.bed[inside] - expected[quiet]).max() < 1e-6


def test_takes_are_at_their_sample():
    asked = score(PlacedTake("x", CHUNK - 3, 10), PlacedTake("y", 0, 4), depth=0.0)
    silence = np.zeros((TOTAL, 2), np.float32)
    mixed = whole(asked, silence).dub
    assert np.flatnonzero(mixed[:, 0]).tolist() == [*range(4), *range(CHUNK - 3, CHUNK + 7)]


def test_takes_are_read_once_and_only_when_their_time_comes(tmp_path):
    read, lock = [], threading.Lock()

    def load(take: PlacedTake) -> np.ndarray:
        with lock:
            read.append(take)
        return np.zeros(take.length, np.float32)

    takes = [PlacedTake(str(number), number * CHUNK - 50, 100) for number in range(1, 20)]
    asked = score(*takes, total=20 * CHUNK)
    chunks = [(chunk, None) for chunk in asked.chunks]
    stream = render_chunks(asked, chunks, BedReader(None, asked.total), load)
    next(stream)
    assert len(read) <= WORKERS + 2
    list(stream)
    assert sorted(map(id, read)) == sorted(map(id, takes))


def test_a_bed_that_is_all_there_is_passes_as_it_is(bed):
    asked = replace(score(), held=())
    soft = bed * np.float32(0.1)
    assert (whole(asked, soft).whole == soft).all()


def test_the_bed_moves_smoothly_and_before_the_speech():
    asked = Score(
        6 * RATE, "bed", (PlacedTake("a", 3 * RATE, RATE),), (), replace(SETTINGS, depth=12.0)
    )
    ones = np.full((6 * RATE, 2), 0.5, np.float32)
    curve = whole(asked, ones).bed[:, 0] * 2
    assert curve[2 * RATE] == curve[round(5.5 * RATE)] == 1.0
    assert curve[3 * RATE : 4 * RATE] == pytest.approx(10 ** (-12 / 20), rel=0.02)
    assert np.abs(np.diff(curve)).max() < 0.001


def test_speech_too_soft_to_hear_leaves_the_bed_alone():
    ones = np.full((RATE, 2), 0.5, np.float32)
    mixed = mix_block(ones, [(0, np.full(RATE, 1e-4, np.float32))], [], SETTINGS, CEILING)
    assert (mixed.bed == ones).all()


@pytest.mark.parametrize("seed", range(3))
def test_no_sample_passes_the_ceiling(seed):
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal((RATE + 11, 2)).astype(np.float32) * 0.3
    sound[rng.integers(0, len(sound), 50)] = 3.0
    out = mix_block(sound, [], [], SETTINGS, CEILING).whole
    assert out.shape == sound.shape
    assert np.abs(out).max() <= CEILING * (1 + 1e-6)


def test_what_the_codec_adds_stays_below_the_limit_too(tmp_path):
    rng = np.random.default_rng(1)
    path = write(tmp_path / "loud.wav", np.sign(rng.standard_normal((RATE, 2))).astype(np.float32))
    asked = Score(RATE, "bed", (), (), replace(SETTINGS, gain=6.0))
    (made,) = render_chunks(
        asked, [(asked.chunks[0], None)], BedReader(path, RATE), speech, ["whole"]
    )
    assert 0.7 * LIMIT < made.peak <= LIMIT
    assert measure_peaks(made.parts["whole"], 48).max() < CEILING


def test_neighbouring_chunks_see_the_same_bed(tmp_path):
    path = write(tmp_path / "tone.wav", tone(25.0))
    asked = Score(25 * RATE, "bed", (), (), SETTINGS)
    bed = BedReader(path, asked.total)
    around = [bed.read_around(chunk)[0] for chunk in asked.chunks]
    for (one, left), (other, right) in pairwise(zip(asked.chunks, around, strict=True)):
        shared = one.last - other.first
        assert (left[-shared:] == right[:shared]).all()
