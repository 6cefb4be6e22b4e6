"""The chunks of a score, rendered side by side: mixed, encoded, and listened to as players will."""

import os
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from workers.audio.gain import true_peaks
from workers.audio.loudness import Powers, ratio, tenths
from workers.audio.samples import Samples
from workers.media.m4a import Packet
from workers.mixing.bed import Bed
from workers.mixing.chunk_encoder import encode_chunk
from workers.mixing.mix import mix
from workers.mixing.score import LIMITING_HOP, Chunk, Score, Take

# The libraries let go of the interpreter while they work, so threads do. More of them would need
# more memory than the speed is worth.
WORKERS = min(4, len(os.sched_getaffinity(0)))

# EBU R128's limit for true peaks, and what the limiter keeps, as the codec adds some of its own.
LIMIT = ratio(-1.0)
CEILING = ratio(-1.5)
# A chunk whose peaks the codec puts above the limit even so is mixed again under a lower ceiling.
TRIES = 4

Load = Callable[[Take], Samples]


class Rendered(NamedTuple):
    """A chunk: its packets, parts of its `Mix` by name, and what a player makes of the packets.

    `tenths` are powers (`workers.audio.loudness`), `peak` is the highest true peak's amplitude,
    `bed` a checksum of the bed as it came in.
    """

    packets: list[Packet]
    parts: Mapping[str, Samples]
    tenths: Powers
    peak: float
    bed: int


def render(
    score: Score,
    chunks: Iterable[tuple[Chunk, int | None]],
    bed: Bed,
    load: Load,
    parts: Collection[str] = (),
) -> Generator[Rendered]:
    """Render chunks of the score in order; each comes with the checksum that its bed has, if known.

    `load` reads a take's samples, `parts` names what is wanted besides packets.
    """
    clips: dict[Take, Future[Samples]] = {}
    waiting: deque[Future[Rendered]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for chunk, known in chunks:
            sound, checksum = bed.around(chunk, known)
            near = score.takes_of(chunk)
            # A take near two chunks is read and stretched once.
            clips = {take: clips.get(take) or pool.submit(load, take) for take in near}
            task = _Task(score, chunk, sound, checksum, clips, parts)
            waiting.append(pool.submit(task.rendered))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@dataclass(frozen=True)
class _Task:
    """A chunk to be rendered, with the bed around it and the takes near it."""

    score: Score
    chunk: Chunk
    bed: Samples
    checksum: int
    clips: Mapping[Take, Future[Samples]]
    parts: Collection[str]

    def rendered(self) -> Rendered:
        ceiling = CEILING
        for _ in range(TRIES):
            whole, parts = self._mixed(ceiling)
            packets, heard = encode_chunk(whole, self.chunk)
            loudest = float(np.abs(heard).max(initial=0.0))
            peak = float(true_peaks(heard, LIMITING_HOP, loudest).max())
            if peak <= LIMIT:
                break
            ceiling *= 0.99 * LIMIT / peak
        return Rendered(packets, parts, tenths(heard), peak, self.checksum)

    def _mixed(self, ceiling: float) -> tuple[Samples, dict[str, Samples]]:
        """The mix of all that is around, and the parts of it within the chunk."""
        first = self.chunk.first
        placed = [(take.start - first, clip.result()) for take, clip in self.clips.items()]
        held = self.score.held_of(self.chunk)
        mixed = mix(self.bed, placed, held, self.score.settings, ceiling)
        return mixed.whole, {name: getattr(mixed, name)[self.chunk.own] for name in self.parts}
