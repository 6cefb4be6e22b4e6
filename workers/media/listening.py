"""Small copies of sound for who wants to listen to a line, not to enjoy it."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame

from backend.media.tracks import ANY, TrackWish
from workers.audio.samples import Samples
from workers.media.decode import decode_blocks

# Speech is as intelligible as it gets with 12 kHz; half a megabyte lasts for a minute and a half.
RATE, BIT_RATE = 24_000, 40_000


def write_listening_copy(
    source: Path, out: Path, check: Callable[[], None], track: TrackWish = ANY
) -> Path:
    """Write the sound as M4A in one channel; `check` may raise to stop it."""
    _encode(decode_blocks(source, RATE, 1, track=track), out, check)
    return out


def _encode(sound: Iterable[Samples], out: Path, check: Callable[[], None]) -> None:
    # The index first, so that a page can begin to play before all of it is there.
    with av.open(out, "w", format="ipod", options={"movflags": "faststart"}) as target:
        stream = target.add_stream("aac", RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        at = 0
        for block in sound:
            check()
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(block.T), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            target.mux(stream.encode(frame))
            at += len(block)
        target.mux(stream.encode(None))
