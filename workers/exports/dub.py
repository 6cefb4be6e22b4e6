"""A dub whose sound is mixed, as all see it who make a file of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from backend.documents.speech import Placement, Speech
from backend.documents.transcripts import Translation
from backend.pipeline.artifact_kinds import ArtifactKind
from workers.audio.samples import RATE
from workers.captions.dub_captions import DubCaptions, build_captions
from workers.interfaces.progress import Progress
from workers.interfaces.stages import OutputFile, ReusedFile, StageContext, StageInput
from workers.mixing.mixdown import Mixdown
from workers.mixing.order import MixOrder
from workers.mixing.recording import SourceRecording
from workers.timing.holds import DubClock


@dataclass(frozen=True)
class FinishedMix:
    """A finished mix: `dub` is M4A, `captions` WebVTT, both as long as the source.

    `source` is what is seen and heard under it: the `recording` as it was sent, or held as the
    `clock` tells.
    """

    inputs: StageInput
    context: StageContext
    recording: SourceRecording
    source: SourceRecording
    source_language: str
    dub: Path
    captions: Path
    clock: DubClock = field(default_factory=lambda: DubClock(()))


@dataclass(frozen=True)
class MixedDub:
    """What it consists of; `source` is the recording, held as `clock` tells.

    `files` are those made so far: each exporter sees what the ones before it have made.
    """

    inputs: StageInput
    context: StageContext
    translation: Translation
    speech: Speech
    recording: SourceRecording
    source: SourceRecording
    placements: Sequence[Placement]
    clock: DubClock
    order: MixOrder
    mixed: Mixdown
    files: list[OutputFile] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """How long it is, at 48 kHz."""
        return round(self.source.duration * RATE)

    @cached_property
    def said(self) -> Translation:
        """The lines where the dub shows what they are said over."""
        at, length = self.clock.find_dub_time, self.clock.compute_length(self.translation.duration)
        lines = tuple(
            line.model_copy(update={"start": at(line.start), "end": at(line.end)})
            for line in self.translation.lines
        )
        return self.translation.model_copy(update={"duration": length, "lines": lines})

    @cached_property
    def captions(self) -> DubCaptions:
        """What is shown while each line sounds."""
        return build_captions(self.said, self.placements, self.source.fps)

    def find_file(self, kind: ArtifactKind) -> OutputFile | None:
        """The file of this kind, if it was made."""
        return next((one for one in self.files if one.kind == kind), None)

    @property
    def finished_mix(self) -> FinishedMix:
        """What plays: sound and captions must be made."""
        files = {one.kind: one.path for one in self.files}
        return FinishedMix(
            *(self.inputs, self.context, self.recording, self.source),
            source_language=self.translation.source_language,
            dub=files[ArtifactKind.AUDIO],
            captions=files[ArtifactKind.CAPTIONS_VTT],
            clock=self.clock,
        )


@dataclass(frozen=True)
class Export:
    """What an exporter made, what it took from storage, and what a user ought to know of it."""

    files: Sequence[OutputFile] = ()
    reused: Sequence[ReusedFile] = ()
    warnings: Sequence[str] = ()


# `progress` is told 0..1 of the exporter's own part; it raises when the work must stop.
Exporter = Callable[[MixedDub, Progress], Export]
