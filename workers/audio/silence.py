"""Silence around speech."""

import numpy as np

from workers.audio.samples import Samples

# Below this, relative to the clip's peak, nothing of a word is heard.
QUIET_DB = -45.0
# Kept around the speech: soft onsets and releases are quieter than any threshold.
MARGIN_S = 0.03


def trim_silence(speech: Samples, sample_rate: int) -> Samples:
    """A mono clip without leading and trailing silence; pauses within it are kept."""
    level = np.abs(speech)
    heard = np.flatnonzero(level > level.max(initial=0.0) * 10 ** (QUIET_DB / 20))
    if not len(heard):
        return speech
    margin = round(MARGIN_S * sample_rate)
    return speech[max(0, heard[0] - margin) : heard[-1] + 1 + margin]
