"""How many voices there are, and which pieces of speech are whose: pure functions of voiceprints.

Agglomerative clustering with average linkage, cut where the voices of two clusters differ more
than one voice does from itself. The constants were found on the recordings of
tests/benchmarks/bench_speakers.py.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from workers.speakers.encoder import Floats, normalize_vectors

# One voice's pieces are on average 0.2 apart (1 - cosine), those of two voices mostly over 0.35.
SAME_VOICE = 0.31
# Whoever says less than this, in seconds or of all, is an outlier: a laugh, two people at once.
# With a third of it, one voice in a long recording was often taken for two.
LEAST_S, LEAST_SHARE = 3.0, 0.06
MOST_SPEAKERS = 8
# Clustering takes memory with the square of these, 16 MB for 2000; the longest are taken.
MOST_PIECES = 2000
# Within a sentence the speaker changes only for a piece that is nearer to another by this much.
CHANGE = 0.1


def cluster_speakers(prints: Floats, seconds: NDArray[np.float64]) -> Floats:
    """The speakers' voiceprints (k, d), k >= 1, from those (n, d) of n >= 1 pieces of speech."""
    longest = np.argsort(-seconds, kind="stable")[:MOST_PIECES]
    prints, seconds = prints[longest], seconds[longest]
    labels = _merge_clusters(prints)
    spoken = np.bincount(labels, seconds)
    least = max(LEAST_S, LEAST_SHARE * spoken.sum())
    ranked = np.argsort(-spoken, kind="stable")[:MOST_SPEAKERS]
    heard = [label for label in ranked if spoken[label] >= least] or ranked[:1]
    return np.stack([normalize_vectors(prints[labels == label].mean(axis=0)) for label in heard])


def _merge_clusters(prints: Floats) -> NDArray[np.int64]:
    if len(prints) == 1:
        return np.zeros(1, np.int64)
    tree = linkage(prints, "average", "cosine")
    return np.asarray(fcluster(tree, SAME_VOICE, "distance") - 1, np.int64)


def assign_pieces(known: Floats, prints: Floats, seconds: Sequence[float]) -> list[int]:
    """Which speaker says each piece of one sentence: one for all, but for pieces that are clear."""
    alike = prints @ known.T
    main = int(np.argmax(np.asarray(seconds) @ alike))
    nearest = np.argmax(alike, axis=1)
    clear = alike.max(axis=1) > alike[:, main] + CHANGE
    return [int(speaker) for speaker in np.where(clear, nearest, main)]
