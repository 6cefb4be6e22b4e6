"""What a language's mix consists of, sample by sample, and the chunks in which it is rendered.

A chunk is rendered by itself, with as much sound around it as can make itself felt within; its
key tells everything that enters it. Equal keys mean equal sound.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from backend.pipeline.keys import hash_json
from workers.audio.gain import LIMIT_REACH, DuckingShape
from workers.audio.samples import FRAME, RATE

DUCKING_HOP = RATE // 100
LIMITING_HOP = RATE // 1000

# 9.6 s: whole AAC frames, whole hops, and whole tenths of a second for measuring loudness.
CHUNK = 450 * FRAME

# What the encoder of a chunk hears before and after it, in frames: with it the packets of two
# chunks join with as much coding noise as any two of one encoder (docs/adr/0006-mix.md). Without,
# they need not even agree on the shape of the window that both of them share.
PRE_ROLL, POST_ROLL = 8, 4

Span = tuple[int, int]


@dataclass(frozen=True)
class PlacedTake:
    """The clip with this SHA-256, which sounds from sample `start` for `length` samples."""

    clip: str
    start: int
    length: int

    @property
    def end(self) -> int:
        """The sample after its last."""
        return self.start + self.length


@dataclass(frozen=True)
class MixSettings:
    """How loud everything is: dubbed speech in LUFS, the programme's gain and the bed's dip in dB.

    `separate` takes the voices out of the bed (`workers.audio.separate`).
    """

    level: float
    gain: float
    depth: float
    ducking: DuckingShape
    separate: bool


@dataclass(frozen=True)
class Score:
    """A mix of `total` samples: takes in order of time, over the bed with this SHA-256, or none.

    `held` are spans in which the bed is down though nothing is said: the original voice there
    is what the dub replaces.
    """

    total: int
    bed: str
    takes: Sequence[PlacedTake]
    held: Sequence[Span]
    settings: MixSettings

    @cached_property
    def chunks(self) -> tuple["Chunk", ...]:
        """The chunks in order of time."""
        return tuple(self._build_chunk(start) for start in range(0, self.total, CHUNK))

    def _build_chunk(self, start: int) -> "Chunk":
        ducking = self.settings.ducking
        limiting = (LIMIT_REACH + 1) * LIMITING_HOP
        before = PRE_ROLL * FRAME + limiting + ducking.after * DUCKING_HOP
        after = POST_ROLL * FRAME + limiting + ducking.before * DUCKING_HOP
        return Chunk(
            start=start,
            end=min(self.total, start + CHUNK),
            first=max(0, (start - before) // CHUNK_STEP * CHUNK_STEP),
            last=min(self.total, start + CHUNK + after),
            final=start + CHUNK >= self.total,
        )

    def find_takes(self, chunk: "Chunk") -> list[PlacedTake]:
        """The takes of which something can be heard in the chunk or around it."""
        return [take for take in self.takes if _intersects((take.start, take.end), chunk)]

    def find_holds(self, chunk: "Chunk") -> list[Span]:
        """The held spans as far as they meet the chunk, counted from its `first` sample."""
        met = [span for span in self.held if _intersects(span, chunk)]
        return [
            (max(start, chunk.first) - chunk.first, min(end, chunk.last) - chunk.first)
            for start, end in met
        ]


# Contexts begin on whole hops of either kind and on whole steps of the separator.
CHUNK_STEP = 15 * FRAME


@dataclass(frozen=True)
class Chunk:
    """The samples from `start` to before `end`, rendered with those from `first` to `last`."""

    start: int
    end: int
    first: int
    last: int
    final: bool

    @property
    def own(self) -> slice:
        """The chunk within what is rendered for it."""
        return slice(self.start - self.first, self.end - self.first)

    @property
    def packets(self) -> int:
        """How many AAC packets it has: one a frame, and in the end one more for the delay."""
        return -(-(self.end - self.start) // FRAME) + self.final


def compute_key(score: Score, chunk: Chunk, code: int) -> str:
    """The hash of everything that makes the chunk what it is; `code` is the code's version."""
    made_of = {
        "code": code,
        "chunk": asdict(chunk),
        "bed": score.bed,
        "takes": [asdict(take) for take in score.find_takes(chunk)],
        "held": score.find_holds(chunk),
        "settings": asdict(score.settings),
    }
    return hash_json(made_of)


def _intersects(span: Span, chunk: Chunk) -> bool:
    return span[0] < chunk.last and span[1] > chunk.first
