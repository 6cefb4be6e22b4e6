"""Reading a bed in pieces: what is jumped to must be what would have been there."""

import numpy as np
import pytest

from tests.media_samples import write, write_av
from workers.audio.gain import DuckingShape
from workers.audio.samples import RATE
from workers.media.decode import decode_blocks, fit_blocks
from workers.mixing.bed import BedReader
from workers.mixing.score import MixSettings, Score

SECONDS = 50
TOTAL = SECONDS * RATE
SETTINGS = MixSettings(-23.0, 0.0, 18.0, DuckingShape(20, 30, 40), separate=False)
CHUNKS = Score(TOTAL, "bed", (), (), SETTINGS).chunks


def sweep(rate: int) -> np.ndarray:
    time = np.arange(SECONDS * rate) / rate
    wave = 0.3 * np.sin(2 * np.pi * (100 + 30 * time) * time)
    noise = 0.05 * np.random.default_rng(0).standard_normal((len(time), 2))
    return (wave[:, None] + noise).astype(np.float32)


def write_sound(folder, name: str, codec: str, rate: int):
    if not codec:
        return write(folder / name, sweep(rate), rate)
    size = {"libmp3lame": 1152, "libopus": 960}.get(codec, 1024)
    return write_av(folder / name, sweep(rate), codec, rate, frame_size=size)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_jump_lands_on_the_very_samples(tmp_path, name, rate):
    path = write_sound(tmp_path, name, "", rate)
    everything = np.concatenate(list(fit_blocks(decode_blocks(path, RATE, 2), TOTAL, RATE, 2)))
    chunk = CHUNKS[3]
    sound, _ = BedReader(path, TOTAL).read_around(chunk)
    assert (sound == everything[chunk.first : chunk.last]).all()


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.m4a", "aac", 44_100),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.webm", "libopus", 48_000),
        ("a.ts", "mp2", 48_000),
        ("a.mkv", "aac", 44_100),
    ],
)
def test_what_sounds_otherwise_after_a_jump_is_read_from_its_start(tmp_path, name, codec, rate):
    path = write_sound(tmp_path, name, codec, rate)
    bed = BedReader(path, TOTAL)
    expected, known = [bed.read_around(chunk) for chunk in CHUNKS][3]
    sound, checksum = BedReader(path, TOTAL).read_around(CHUNKS[3], known)
    assert checksum == known
    assert np.abs(sound - expected).max() < 1e-3


def test_no_file_is_silence():
    sound, _ = BedReader(None, TOTAL).read_around(CHUNKS[2])
    assert sound.shape == (CHUNKS[2].last - CHUNKS[2].first, 2)
    assert not sound.any()


def test_a_file_that_ends_early_is_silent_after_that(tmp_path):
    path = write(tmp_path / "short.wav", sweep(RATE)[: 12 * RATE])
    sound, _ = BedReader(path, TOTAL).read_around(CHUNKS[4])
    assert not sound.any()
