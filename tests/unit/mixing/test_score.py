"""Chunks and their keys: pure arithmetic on samples."""

from dataclasses import replace

import pytest

from workers.audio.gain import DuckingShape
from workers.audio.samples import FRAME
from workers.mixing.score import (
    CHUNK,
    DUCKING_HOP,
    LIMITING_HOP,
    MixSettings,
    PlacedTake,
    Score,
    compute_key,
)

SETTINGS = MixSettings(-23.0, 0.0, 18.0, DuckingShape(20, 30, 40), separate=False)
TAKES = (
    PlacedTake("a", 1000, 48_000),
    PlacedTake("b", 3 * CHUNK, 48_000),
    PlacedTake("c", 5 * CHUNK, 48_000),
)
SCORE = Score(6 * CHUNK + 700, "bed", TAKES, ((3 * CHUNK, 3 * CHUNK + 9000),), SETTINGS)


def keys(score: Score) -> list[str]:
    return [compute_key(score, chunk, 1) for chunk in score.chunks]


def find_changed(score: Score) -> list[int]:
    pairs = zip(keys(SCORE), keys(score), strict=True)
    return [number for number, (before, after) in enumerate(pairs) if before != after]


def test_chunks_follow_each_other_to_the_end():
    chunks = SCORE.chunks
    assert [chunk.start for chunk in chunks] == [number * CHUNK for number in range(7)]
    assert [chunk.end for chunk in chunks[:-1]] == [chunk.start for chunk in chunks[1:]]
    assert chunks[-1].end == SCORE.total
    assert [chunk.final for chunk in chunks] == [False] * 6 + [True]
    assert all(chunk.first % (FRAME * 15) == 0 for chunk in chunks)
    assert CHUNK % FRAME == CHUNK % DUCKING_HOP == CHUNK % LIMITING_HOP == CHUNK % 4800 == 0


@pytest.mark.parametrize("total", [1, 700, 1024, 1025, CHUNK, CHUNK + 1])
def test_packets_are_as_many_as_frames_and_one(total):
    chunks = replace(SCORE, total=total, takes=(), held=()).chunks
    assert sum(chunk.packets for chunk in chunks) == -(-total // FRAME) + 1


def test_another_clip_changes_the_chunks_around_it_only():
    takes = (TAKES[0], PlacedTake("other", 3 * CHUNK, 48_000), TAKES[2])
    assert find_changed(replace(SCORE, takes=takes)) == [2, 3]


def test_a_moved_take_changes_where_it_was_and_where_it_is():
    takes = (PlacedTake("a", CHUNK + 200_000, 48_000), *TAKES[1:])
    assert find_changed(replace(SCORE, takes=takes)) == [0, 1]


def test_what_is_held_changes_its_chunk():
    assert find_changed(replace(SCORE, held=((4 * CHUNK + 200_000, 4 * CHUNK + 200_001),))) == [
        2,
        3,
        4,
    ]


def test_what_changes_everywhere_changes_every_key():
    everywhere = list(range(7))
    assert find_changed(replace(SCORE, settings=replace(SETTINGS, gain=1.0))) == everywhere
    assert find_changed(replace(SCORE, bed="other")) == everywhere
    assert not set(keys(SCORE)) & {compute_key(SCORE, chunk, 2) for chunk in SCORE.chunks}


def test_a_longer_recording_changes_what_sounds_near_its_end():
    assert find_changed(replace(SCORE, total=SCORE.total + 1)) == [5, 6]


def test_held_spans_count_from_the_chunks_first_sample():
    chunk = SCORE.chunks[3]
    assert SCORE.find_holds(chunk) == [(3 * CHUNK - chunk.first, 3 * CHUNK + 9000 - chunk.first)]
    assert SCORE.find_holds(SCORE.chunks[5]) == []
