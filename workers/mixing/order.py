"""What is to be mixed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from backend.media.tracks import ANY, TrackWish
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.params import Bed, JobParams
from workers.audio.samples import Samples
from workers.media.decode import UNREPAIRED, Repairs
from workers.mixing.clips import prepare_clip
from workers.mixing.score import PlacedTake

Seconds = tuple[float, float]


class SoundFile(NamedTuple):
    """A file that has sound, which of its tracks is meant, and what its channels need."""

    sha256: str
    path: Path
    track: TrackWish = ANY
    repairs: Repairs = UNREPAIRED


@dataclass(frozen=True)
class MixOrder:
    """What is to be mixed: takes of clips over a bed, in `total` samples.

    `clips` fetch the takes' files by their SHA-256, which is done only for those that are needed;
    `spans` are the seconds in which the source speaks what the dub says instead, `language` is an
    ISO 639-2/T code, `before` are an earlier run's files by kind.
    """

    params: JobParams
    language: str
    total: int
    bed: Bed
    media: SoundFile | None
    background: SoundFile | None
    takes: tuple[PlacedTake, ...]
    clips: Mapping[str, Callable[[], Path]]
    spans: Sequence[Seconds]
    before: Mapping[str, StoredFile]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The files that are wanted."""
        stems = (ArtifactKind.STEM_DUB, ArtifactKind.STEM_BED) if self.params.stems else ()
        return (
            ArtifactKind.AUDIO,
            *((ArtifactKind.AUDIO_FLAC,) if self.params.flac else ()),
            *stems,
        )


def load_take(order: MixOrder, level: float, take: PlacedTake) -> Samples:
    """A take's mono samples, its speech at `level` LUFS."""
    return prepare_clip(order.clips[take.clip](), take.length, level)
