"""The sound that a dub lies on, read piece by piece in the order of time."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

import numpy as np

from backend.media.tracks import ANY, TrackWish
from workers.audio.samples import RATE, Samples
from workers.media.decode import UNREPAIRED, Repairs, decode_blocks, fit_blocks
from workers.mixing.score import Chunk

# What is this far ahead is jumped to; what is nearer is decoded on the way.
FAR = 10 * RATE


class BedReader:
    """A recording's sound in `total` samples of 48 kHz stereo; without a `path`, silence."""

    def __init__(
        self,
        path: Path | None,
        total: int,
        track: TrackWish = ANY,
        repairs: Repairs = UNREPAIRED,
    ) -> None:
        self._path, self._total, self._track, self._repairs = path, total, track, repairs
        self._enter(0)

    def read_around(self, chunk: Chunk, known: int | None = None) -> tuple[Samples, int]:
        """The sound around the chunk, and a checksum of that within it.

        Chunks must come in order. Not every file can be entered in the middle without sounding
        otherwise there; when the checksum is not the `known` one, the file is read from its start.
        """
        if chunk.first - self._end > FAR:
            self._enter(chunk.first)
        sound = self._read_window(chunk)
        if known not in (None, _compute_checksum(sound, chunk)):
            self._enter(0)
            sound = self._read_window(chunk)
        return sound, _compute_checksum(sound, chunk)

    def _enter(self, first: int) -> None:
        sound: Iterable[Samples] = ()
        if self._path:
            sound = decode_blocks(self._path, RATE, 2, first, self._track, repairs=self._repairs)
        self._blocks: Iterator[Samples] = fit_blocks(sound, self._total - first, RATE, 2)
        self._held: list[Samples] = []
        self._first = self._end = first

    def _read_window(self, chunk: Chunk) -> Samples:
        while self._end < chunk.last:
            self._held.append(next(self._blocks))
            self._end += len(self._held[-1])
            while self._held and self._first + len(self._held[0]) <= chunk.first:
                self._first += len(self._held.pop(0))
        held = np.concatenate(self._held)
        return held[chunk.first - self._first : chunk.last - self._first]


def _compute_checksum(sound: Samples, chunk: Chunk) -> int:
    return crc32(np.ascontiguousarray(sound[chunk.own]).data)
