"""How loud a mix will be, out of how loud its parts are: the first of the two loudness passes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from workers.audio.loudness import (
    TENTH,
    Powers,
    compute_integrated_loudness,
    find_covered,
    measure_speech_level,
)
from workers.mixing.score import DUCKING_HOP, PlacedTake, Score


def forecast_loudness(score: Score, bed: Powers, clips: Mapping[str, Powers]) -> float | None:
    """The integrated loudness in LUFS before the programme gain, or None when all is silence.

    `bed` are the powers of its tenths as it is, `clips` those of each clip by SHA-256. Parts are
    added by power, as sounds that have nothing to do with each other do. What the limiter will
    take is not known yet; it is little, and whoever renders the mix measures it anyway.
    """
    lowered = 10 ** (-score.settings.depth / 10)
    mixed = np.where(_find_ducked_tenths(score, len(bed)), bed * lowered, bed)
    for take in score.takes:
        spoken = _place_powers(take, clips[take.clip], score.settings.level)
        first = round(take.start / TENTH)
        part = mixed[first : first + len(spoken)]
        part += spoken[: len(part)]
    return compute_integrated_loudness(mixed)


def _find_ducked_tenths(score: Score, count: int) -> NDArray[np.bool_]:
    """In which tenths the bed is down at least half of its way, by the middle of each."""
    ducking = score.settings.ducking
    before = ducking.attack * DUCKING_HOP // 2
    after = (ducking.hold + ducking.release // 2) * DUCKING_HOP
    spans = [*((take.start, take.end) for take in score.takes), *score.held]
    middles = (np.arange(count) + 0.5) * TENTH
    return find_covered(middles, [(start - before, end + after) for start, end in spans])


def _place_powers(take: PlacedTake, natural: Powers, wanted: float) -> Powers:
    """A clip's powers at the level and length that it has in the mix."""
    own = measure_speech_level(natural)
    if own is None:
        return np.zeros(0)
    count = max(1, round(take.length / TENTH))
    at = np.linspace(0, len(natural) - 1, count)
    return np.asarray(np.interp(at, np.arange(len(natural)), natural) * 10 ** ((wanted - own) / 10))
