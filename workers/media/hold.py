"""Picture and sound of a recording that is held at some moments: one stands still, one pauses.

In a pause there is silence. The dub speaks there, over a bed that is down anyway; to repeat or to
stretch what was heard last would say somebody's words twice or break the beat of music.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame

from workers.audio.samples import RATE, Samples
from workers.timing.holds import Hold

Shown = tuple[float, VideoFrame]  # with its time in seconds

# Into a pause and out of it: long enough not to click, short enough to cut no sound of speech.
FADE = RATE // 100


def hold_frames(frames: Iterable[Shown], holds: Sequence[Hold], fps: Fraction) -> Iterator[Shown]:
    """The frames, and the last one before each hold again until it is over, `fps` times a second.

    A frame that is shown when its hold begins is shown to its end first.
    """
    waiting, late, end = deque(holds), 0.0, 0.0
    last: VideoFrame | None = None
    for time, frame in frames:
        while waiting and waiting[0].time <= time:
            yield from _repeat_frame(last or frame, time + late, waiting[0], fps)
            late += waiting.popleft().duration
        yield time + late, frame
        last, end = frame, time + float(1 / fps)
    if last is None:
        return
    for hold in waiting:
        yield from _repeat_frame(last, max(end, hold.time) + late, hold, fps)
        late += hold.duration


def _repeat_frame(frame: VideoFrame, start: float, hold: Hold, fps: Fraction) -> Iterator[Shown]:
    return ((start + number / fps, frame) for number in range(round(hold.duration * fps)))


def pause_sound(sound: Iterable[Samples], holds: Iterable[Hold]) -> Iterator[Samples]:
    """The sound in blocks of shape (n, 2), with silence put in where it is held; none is empty."""
    return (block for block in _pause_samples(sound, holds) if len(block))


def _pause_samples(sound: Iterable[Samples], holds: Iterable[Hold]) -> Iterator[Samples]:
    waiting = deque((round(time * RATE), round(length * RATE)) for time, length in holds)
    cuts = np.array([-np.inf, *(at for at, _ in waiting), np.inf])
    end = 0
    for block in sound:
        begin, end = end, end + len(block)
        faded = block * _compute_fades(np.arange(begin, end), cuts)
        while waiting and waiting[0][0] < end:
            at, length = waiting.popleft()
            yield from (faded[: at - begin], _yield_silence(length))
            begin, faded = at, faded[at - begin :]
        yield faded
    yield from (_yield_silence(length) for _, length in waiting)


def _compute_fades(at: "np.ndarray[tuple[int], np.dtype[np.int64]]", cuts: Samples) -> Samples:
    """The gain at these samples, shape (n, 1): nothing at a cut, everything from `FADE` on."""
    after = np.searchsorted(cuts, at, side="right")
    distance = np.minimum(at - cuts[after - 1], cuts[after] - at)
    return np.asarray(np.minimum(distance / FADE, 1.0)[:, None], np.float32)


def _yield_silence(length: int) -> Samples:
    return np.zeros((length, 2), np.float32)
