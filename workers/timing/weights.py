"""What the schedule weighs: limits of shift and rate, and the pressure at which each is reached.

The plan of a language minimises, over all lines together,

    sum of F(shift) + sum of G(duration)

where F' (the pressure of a shift) and -G' (the pressure under which a line gives way) are the
straight lines between the points below. The unit of pressure is that of a line 0.3 s off. Why these
values: docs/adr/0005-timing.md.
"""

import numpy as np

from backend.documents.speech import SAMPLE_RATE
from workers.timing.curve import Floats, PressureCurve

GRID = SAMPLE_RATE  # placements are whole samples of the mix

# The least pause between lines, in samples: 50 ms.
MIN_GAP = GRID // 20

# Within these rates a line takes the length of its source line, so that the voice stops when the
# mouth does: at 1.2x no word is lost yet, at 2.0x half of them (docs/adr/0002-time-stretch.md).
SLOWEST, WANTED, FAST, MAX_RATE = 0.9, 1.2, 1.5, 2.0
SOFT_SHIFT = 0.3  # seconds

AT_SOFT_SHIFT, AT_MAX_SHIFT = 1.0, 4.0
# One late line by itself comes to its limit before another is spoken faster than wanted.
AT_WANTED, ABOVE_WANTED, AT_FAST, AT_MAX_RATE = 1.0, 10.0, 40.0, 160.0
# Beyond the limit of shift, and into other speech, a line goes only when nothing else can give way.
BEYOND = 2 * AT_MAX_RATE
# A file that is too full at MAX_RATE is spoken faster still, all lines alike.
AT_FASTEST, END = 1e9, 1e12
FAR = 1e6  # seconds: longer than any recording

RATES = (WANTED, WANTED, FAST, MAX_RATE)
PRESSURES = np.array([0.0, AT_WANTED, ABOVE_WANTED, AT_FAST, AT_MAX_RATE, AT_FASTEST])


def compute_durations(natural: float, source: float, fastest: float) -> Floats:
    """The samples that a line takes under each of `PRESSURES`; none is longer than the last."""
    preferred = natural if not source else min(max(source, natural / WANTED), natural / SLOWEST)
    return np.array([preferred, *(natural / rate for rate in (*RATES, fastest))])


def build_force(onset: float, earliest: float, max_shift: float) -> PressureCurve:
    """The pressure of starting elsewhere than at `onset`; all in samples."""
    early, late = _scale_shifts(min(max_shift, onset - earliest)), _scale_shifts(max_shift)
    x = np.concatenate([-early[:0:-1], late])
    return PressureCurve(onset + x, np.concatenate([-_FORCES[:0:-1], _FORCES]))


def build_wall(at: float) -> PressureCurve:
    """The pressure of reaching beyond a moment, in samples."""
    return PressureCurve(
        np.array([at, at + 1, at + FAR * GRID]), np.array([0.0, BEYOND, BEYOND + FAR])
    )


_FORCES = np.array([0.0, AT_SOFT_SHIFT, AT_MAX_SHIFT, BEYOND, BEYOND + FAR])


def _scale_shifts(limit: float) -> Floats:
    """The shifts with the pressures of `_FORCES`, given the hard limit."""
    limit = max(limit, 2.0)
    return np.array([0.0, min(SOFT_SHIFT * GRID, limit / 2), limit, limit + 1, FAR * GRID])
