"""`mix.json`: what each chunk of a mix was made of and how loud it is, for the next run to keep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from backend.documents.base import Document
from backend.errors import Permanent
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from workers.audio.loudness import (
    Powers,
    compute_integrated_loudness,
    compute_loudness_range,
    lufs_to_power,
    power_to_lufs,
)
from workers.interfaces.stages import StageContext
from workers.mixing.listen import RecordingLevels
from workers.mixing.render import RenderedChunk
from workers.mixing.score import Score

FLOOR = -120.0  # LUFS, for silence


class MeasuredRecording(Document):
    """A recording that was listened to: the loudness in LUFS of each tenth, and whether stereo."""

    sha256: str
    tenths: tuple[float, ...]
    wide: bool

    @classmethod
    def build(cls, sha256: str, heard: RecordingLevels) -> "MeasuredRecording":
        """As the index keeps it."""
        return cls(sha256=sha256, tenths=power_to_decibels(heard.tenths), wide=heard.wide)

    @property
    def levels(self) -> RecordingLevels:
        """As it was heard, but for rounding."""
        return RecordingLevels(decibels_to_power(self.tenths), self.wide)


class ChunkEntry(Document):
    """A chunk under its key (`workers.mixing.score`), with the checksum of its bed.

    `tenths` are the LUFS of each tenth of a second, `peak` is the true peak in dBTP, both as a
    player makes them of the AAC.
    """

    key: str
    bed: int
    tenths: tuple[float, ...]
    peak: float

    @classmethod
    def build(cls, key: str, rendered: RenderedChunk) -> "ChunkEntry":
        """As the index keeps it."""
        peak = 20 * math.log10(rendered.peak) if rendered.peak else FLOOR
        tenths = power_to_decibels(rendered.tenths)
        return cls(key=key, bed=rendered.bed, tenths=tenths, peak=round(peak, 2))


class MeasuredMix(Document):
    """Of a mix as players hear it: LUFS, LU and dBTP; the loudness that it was to have."""

    integrated: float | None  # None when all is silence
    range: float
    true_peak: float
    target: float

    @property
    def off(self) -> float:
        """LU from the target."""
        return 0.0 if self.integrated is None else self.target - self.integrated


class MixIndex(Document):
    """A whole mix: its bed's SHA-256, its speech in LUFS, the programme gain in dB, its chunks."""

    bed: str
    level: float
    gain: float
    chunks: tuple[ChunkEntry, ...]
    listened: tuple[MeasuredRecording, ...]

    def measure_mix(self, target: float) -> MeasuredMix:
        """Put the chunks together."""
        tenths = decibels_to_power([tenth for chunk in self.chunks for tenth in chunk.tenths])
        found = compute_integrated_loudness(tenths)
        return MeasuredMix(
            integrated=None if found is None else round(found, 2),
            range=round(compute_loudness_range(tenths), 2),
            true_peak=max((chunk.peak for chunk in self.chunks), default=FLOOR),
            target=round(target, 2),
        )


@dataclass(frozen=True)
class EarlierMix:
    """What an earlier run left: its index, and its files if they are all that are wanted now."""

    index: MixIndex | None = None
    files: Mapping[str, Path] = field(default_factory=dict)

    def find_recording(self, sha256: str) -> RecordingLevels | None:
        """A recording, if it was listened to."""
        listened = self.index.listened if self.index else ()
        return next((one.levels for one in listened if one.sha256 == sha256), None)

    def find_chunks(self, keys: Sequence[str]) -> list[ChunkEntry | None]:
        """For each chunk its entry, if it is what it was and its sound is there."""
        entries = self.index.chunks if self.index and self.files else ()
        known = {entry.key: entry for entry in entries} if len(entries) == len(keys) else {}
        return [known.get(key) for key in keys]

    def list_checksums(self, score: Score) -> list[int | None]:
        """What is known of the bed in each chunk."""
        entries = self.index.chunks if self.index and self.index.bed == score.bed else ()
        if len(entries) != len(score.chunks):
            return [None] * len(score.chunks)
        return [entry.bed for entry in entries]


def load_earlier_mix(
    files: Mapping[str, StoredFile], kinds: Sequence[str], context: StageContext
) -> EarlierMix:
    """What can be had of an earlier run; whatever is missing or damaged is made again."""
    try:
        index = MixIndex.model_validate_json(
            context.fetch(files[ArtifactKind.MIX_INDEX]).read_bytes()
        )
        return EarlierMix(index, {kind: context.fetch(files[kind]) for kind in kinds})
    except (KeyError, Permanent, ValidationError):
        return EarlierMix()


def power_to_decibels(tenths: Powers) -> tuple[float, ...]:
    """Powers as LUFS with two decimals."""
    return tuple(round(max(FLOOR, power_to_lufs(float(tenth))), 2) for tenth in tenths)


def decibels_to_power(tenths: Sequence[float]) -> Powers:
    """LUFS as powers."""
    return np.array([lufs_to_power(tenth) for tenth in tenths])
