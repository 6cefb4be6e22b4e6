"""The chunks of a score, rendered side by side: mixed, encoded, and listened to as players will."""

import os
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from workers.audio.gain import measure_true_peaks
from workers.audio.loudness import Powers, decibels_to_ratio, measure_tenths
from workers.audio.samples import Samples
from workers.media.m4a import AacPacket
from workers.mixing.bed import BedReader
from workers.mixing.chunk_encoder import encode_chunk
from workers.mixing.mix import mix_block
from workers.mixing.score import LIMITING_HOP, Chunk, PlacedTake, Score

# The libraries let go of the interpreter while they work, so threads do. More of them would need
# more memory than the speed is worth.
WORKERS = min(4, len(os.sched_getaffinity(0)))

# EBU R128's limit for true peaks, and what the limiter keeps, as the codec adds some of its own.
LIMIT = decibels_to_ratio(-1.0)
CEILING = decibels_to_ratio(-1.5)
# A chunk whose peaks the codec puts above the limit even so is mixed again under a lower ceiling.
TRIES = 4

Load = Callable[[PlacedTake], Samples]


class RenderedChunk(NamedTuple):
    """A chunk: its packets, parts of its `Mix` by name, and what a player makes of the packets.

    `tenths` are powers (`workers.audio.loudness`), `peak` is the highest true peak's amplitude,
    `bed` a checksum of the bed as it came in.
    """

    packets: list[AacPacket]
    parts: Mapping[str, Samples]
    tenths: Powers
    peak: float
    bed: int


def render_chunks(
    score: Score,
    chunks: Iterable[tuple[Chunk, int | None]],
    bed: BedReader,
    load: Load,
    parts: Collection[str] = (),
) -> Generator[RenderedChunk]:
    """Render chunks of the score in order; each comes with the checksum that its bed has, if known.

    `load` reads a take's samples, `parts` names what is wanted besides packets.
    """
    clips: dict[PlacedTake, Future[Samples]] = {}
    waiting: deque[Future[RenderedChunk]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for chunk, known in chunks:
            sound, checksum = bed.read_around(chunk, known)
            near = score.find_takes(chunk)
            # A take near two chunks is read and stretched once.
            clips = {take: clips.get(take) or pool.submit(load, take) for take in near}
            task = _ChunkTask(score, chunk, sound, checksum, clips, parts)
            waiting.append(pool.submit(task.render_chunk))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@dataclass(frozen=True)
class _ChunkTask:
    """A chunk to be rendered, with the bed around it and the takes near it."""

    score: Score
    chunk: Chunk
    bed: Samples
    checksum: int
    clips: Mapping[PlacedTake, Future[Samples]]
    parts: Collection[str]

    def render_chunk(self) -> RenderedChunk:
        ceiling = CEILING
        for _ in range(TRIES):
            whole, parts = self._mix_around(ceiling)
            packets, heard = encode_chunk(whole, self.chunk)
            loudest = float(np.abs(heard).max(initial=0.0))
            peak = float(measure_true_peaks(heard, LIMITING_HOP, loudest).max())
            if peak <= LIMIT:
                break
            ceiling *= 0.99 * LIMIT / peak
        return RenderedChunk(packets, parts, measure_tenths(heard), peak, self.checksum)

    def _mix_around(self, ceiling: float) -> tuple[Samples, dict[str, Samples]]:
        """The mix of all that is around, and the parts of it within the chunk."""
        first = self.chunk.first
        placed = [(take.start - first, clip.result()) for take, clip in self.clips.items()]
        held = self.score.find_holds(self.chunk)
        mixed = mix_block(self.bed, placed, held, self.score.settings, ceiling)
        return mixed.whole, {name: getattr(mixed, name)[self.chunk.own] for name in self.parts}
