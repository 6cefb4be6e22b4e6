"""How many voices there are: clustering of made-up voiceprints."""

import numpy as np
import pytest

from workers.speakers import clusters
from workers.speakers.encoder import normalize_vectors


def prints(speaker: int, count: int, spread: float = 0.03, seed: int = 0) -> np.ndarray:
    """Voiceprints around a direction of the speaker's own."""
    rng = np.random.default_rng([speaker, seed])
    centre = np.eye(256, dtype=np.float32)[speaker]
    return normalize_vectors(centre + spread * rng.standard_normal((count, 256)).astype(np.float32))


def find_speakers(*parts: np.ndarray, seconds: float = 2.0) -> np.ndarray:
    together = np.concatenate(parts)
    return clusters.cluster_speakers(together, np.full(len(together), seconds))


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_each_voice_is_found_once(count):
    assert len(find_speakers(*(prints(speaker, 6) for speaker in range(count)))) == count


def test_more_voices_than_people_are_told_apart_go_to_the_nearest():
    assert (
        len(find_speakers(*(prints(speaker, 3) for speaker in range(12)))) == clusters.MOST_SPEAKERS
    )


def test_a_cough_is_no_speaker():
    pieces = np.concatenate([prints(0, 8), prints(1, 8), prints(2, 1)])
    lengths = np.array([3.0] * 16 + [3.0])
    assert len(clusters.cluster_speakers(pieces, lengths)) == 2


def test_neither_is_a_passer_by_in_a_long_recording():
    pieces = np.concatenate([prints(0, 80), prints(1, 80), prints(2, 4)])
    assert len(clusters.cluster_speakers(pieces, np.full(164, 3.0))) == 2


def test_a_single_short_piece_is_a_speaker():
    assert len(find_speakers(prints(0, 1), seconds=0.5)) == 1


def test_of_a_long_recording_the_longest_pieces_are_clustered(monkeypatch):
    monkeypatch.setattr(clusters, "MOST_PIECES", 10)
    pieces = np.concatenate([prints(0, 20), prints(1, 5), prints(2, 5)])
    lengths = np.array([1.0] * 20 + [5.0] * 10)
    known = clusters.cluster_speakers(pieces, lengths)
    assert sorted(np.argmax(known, axis=1)) == [1, 2]


def test_a_sentence_is_one_speakers_but_for_what_is_clearly_anothers():
    known = np.stack([prints(0, 1)[0], prints(1, 1)[0]])
    doubtful = normalize_vectors(known[0] + 1.05 * known[1])
    pieces = np.stack([known[0], doubtful, known[1]])
    assert clusters.assign_pieces(known, pieces, [3.0, 1.0, 1.0]) == [0, 0, 1]
