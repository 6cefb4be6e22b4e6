"""AAC in parts: packets of chunks that were encoded apart must sound like those of one encoder."""

import av
import numpy as np
import pytest
import soundfile as sf

from backend.media.probe import probe_media
from tests.media_samples import tone
from tests.mix_scene import decode_sound
from workers.audio.gain import DuckingShape
from workers.audio.samples import RATE
from workers.media.m4a import open_m4a, read_packets
from workers.mixing.chunk_encoder import encode_chunk
from workers.mixing.render import RenderedChunk
from workers.mixing.score import CHUNK, Chunk, MixSettings, Score
from workers.mixing.tracks import open_tracks

SETTINGS = MixSettings(-23.0, 0.0, 18.0, DuckingShape(20, 30, 40), separate=False)


def chunks_of(total: int) -> tuple[Chunk, ...]:
    return Score(total, "", (), (), SETTINGS).chunks


def music(total: int) -> np.ndarray:
    """Chords over noise, with a knock now and then."""
    time = np.arange(total) / RATE
    chord = [0.08 * np.sin(2 * np.pi * hertz * time) for hertz in (220, 331, 557, 880)]
    sound = np.stack([chord[0] + chord[1] + chord[3], chord[0] + chord[2]], axis=1)
    sound += 0.02 * np.random.default_rng(0).standard_normal((total, 2))
    sound[::31_337] += 0.5
    return sound.astype(np.float32)


def write_m4a(path, sound: np.ndarray, chunks: tuple[Chunk, ...]) -> np.ndarray:
    with open_m4a(path, "spa") as write:
        for chunk in chunks:
            write(encode_chunk(sound[chunk.first : chunk.last], chunk).packets)
    return decode_sound(path)


def test_joins_sound_like_any_other_place(tmp_path):
    total = 4 * CHUNK
    sound = music(total)
    once = (Chunk(0, total, 0, total, final=True),)
    continuous = write_m4a(tmp_path / "once.m4a", sound, once) - sound
    parted = write_m4a(tmp_path / "parted.m4a", sound, chunks_of(total)) - sound
    for join in (CHUNK, 2 * CHUNK, 3 * CHUNK):
        near = slice(join - 2048, join + 2048)
        noise, expected = np.square(parted[near]).mean(), np.square(continuous[near]).mean()
        assert 10 * np.log10(noise / expected) < 1.5
        assert np.abs(parted[near]).max() < 1.6 * np.abs(continuous[near]).max()


@pytest.mark.parametrize("total", [1, 700, 1024, 48_001, CHUNK, CHUNK + 1, CHUNK + 1024])
def test_a_file_of_chunks_lasts_to_the_sample(tmp_path, total):
    sound = music(total)
    assert write_m4a(tmp_path / "a.m4a", sound, chunks_of(total)).shape == sound.shape
    assert round(probe_media(tmp_path / "a.m4a").duration * RATE) == total
    with av.open(tmp_path / "a.m4a") as container:
        assert container.streams.audio[0].start_time == 0
        assert container.streams.audio[0].language == "spa"


def test_what_is_heard_is_what_a_player_makes_of_the_file(tmp_path):
    total = CHUNK + 5000
    sound = music(total)
    parts = [encode_chunk(sound[chunk.first : chunk.last], chunk) for chunk in chunks_of(total)]
    file = write_m4a(tmp_path / "a.m4a", sound, chunks_of(total))
    told = np.concatenate([part.heard for part in parts])
    inside = slice(0, CHUNK - 1024)  # over the join a player hears a little of both encoders
    assert np.abs(told[inside] - file[inside]).max() < 1e-4
    assert np.abs(told - file).max() < 0.05


def test_packets_come_back_as_they_went_in(tmp_path):
    total = CHUNK + 5000
    sound = music(total)
    parts = [encode_chunk(sound[chunk.first : chunk.last], chunk) for chunk in chunks_of(total)]
    write_m4a(tmp_path / "a.m4a", sound, chunks_of(total))
    assert list(read_packets(tmp_path / "a.m4a")) == [one for part in parts for one in part.packets]


def test_chunks_that_are_kept_are_copied_and_others_are_not(tmp_path):
    total = 2 * CHUNK + 700
    first, second = music(total), 0.5 * tone(total / RATE)
    kinds = ("audio", "audio_flac", "stem_bed")
    before = {kind: tmp_path / f"before-{kind}" for kind in kinds}
    after = {kind: tmp_path / f"after-{kind}" for kind in kinds}
    middle = chunks_of(total)[1]
    with open_tracks(before, {}, "spa") as append:
        for chunk in chunks_of(total):
            append(chunk, render_chunk(first, chunk))
    with open_tracks(after, before, "spa") as append:
        for chunk in chunks_of(total):
            append(chunk, render_chunk(second, chunk) if chunk == middle else None)
    was, now = (sf.read(side["audio_flac"], dtype="int32")[0] for side in (before, after))
    assert (now[:CHUNK] == was[:CHUNK]).all()
    assert (now[2 * CHUNK :] == was[2 * CHUNK :]).all()
    assert now[CHUNK : 2 * CHUNK] / 2**31 == pytest.approx(second[CHUNK : 2 * CHUNK], abs=1e-6)
    old, new = (list(read_packets(side["audio"])) for side in (before, after))
    same = [one == other for one, other in zip(old, new, strict=True)]
    assert same == [True] * 450 + [False] * 450 + [True] * 2


def render_chunk(sound: np.ndarray, chunk: Chunk) -> RenderedChunk:
    own = sound[chunk.start : chunk.end]
    made = encode_chunk(sound[chunk.first : chunk.last], chunk).packets
    return RenderedChunk(made, {"whole": own, "bed": own}, np.empty(0), 0.0, 0)
