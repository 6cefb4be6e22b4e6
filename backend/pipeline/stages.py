"""What a stage is: one table that tasks, chains, plans, views and progress all read.

A further stage is a row here, a file in `workers/stages`, and a migration for the CHECK on
`stage_runs.stage` (docs/extending.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.params import JobKind


class Stage(StrEnum):
    """The stages in the order in which a job meets them."""

    ASR = "asr"
    MT = "mt"
    TTS = "tts"
    MIX = "mix"
    JOIN = "join"

    @property
    def task(self) -> str:
        """The name of the Celery task."""
        return f"run_{self}"

    @property
    def queue(self) -> str:
        """The name of the queue that its messages go through."""
        return str(self)


class LanguageStatus(StrEnum):
    """Where a target language stands."""

    QUEUED = "queued"
    STT = "stt"
    TRANSLATING = "translating"
    DUBBING = "dubbing"
    MIXING = "mixing"
    EXPORTING = "exporting"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class StageDefinition:
    """A row of the table."""

    reads: tuple[str, ...] = ()  # roles of uploads and kinds of artifacts, of its own language
    reads_of_all: tuple[str, ...] = ()  # kinds of artifacts, of every language of the job
    params: tuple[str, ...] = ()  # which parameters change what it makes, by their path
    added_params: tuple[str, ...] = ()  # the same, left out of keys while empty: keys stay
    provider: str | None = None  # the path of the parameter that names who does it
    status: LanguageStatus | None = None  # what a language is shown as meanwhile
    storing: LanguageStatus | None = None  # and while what it made is being stored
    share: float  # of a language's progress; of the job's for what comes after all languages
    per_language: bool = True
    waits_for_all: bool = False  # begins when all languages of the run have ended
    only_latest: bool = False  # what it made in earlier runs of the job is removed
    # It is told what it made in an earlier run, and how the stages before it came to their results.
    looks_back: bool = False
    # Raised when its code makes something else of the same inputs, so that `auto` runs it again.
    code_version: int = 1


# The shares are after what the stages of the demo took.
STAGES: Mapping[Stage, StageDefinition] = {
    Stage.ASR: StageDefinition(
        reads=("media",),
        params=("kind", "source_language", "source_track", "mode", "providers.transcription"),
        added_params=("key_terms",),
        provider="providers.transcription",
        status=LanguageStatus.STT,
        share=0.5,
        per_language=False,
        code_version=2,
    ),
    Stage.MT: StageDefinition(
        reads=(ArtifactKind.SEGMENTS_SRC,),
        params=("providers.translation",),
        added_params=("terms",),
        provider="providers.translation",
        status=LanguageStatus.TRANSLATING,
        share=0.1,
    ),
    Stage.TTS: StageDefinition(
        reads=(ArtifactKind.SEGMENTS,),
        # The translator also says lines in fewer words.
        params=("providers.tts", "providers.translation", "voices", "timing"),
        added_params=("pronunciations",),
        provider="providers.tts",
        status=LanguageStatus.DUBBING,
        share=0.2,
        code_version=2,
    ),
    Stage.MIX: StageDefinition(
        reads=("media", "background", ArtifactKind.SEGMENTS, ArtifactKind.SPEECH),
        params=(
            *("source_language", "source_track"),
            *("bed", "captions", "ducking", "loudness", "flac", "stems", "segment_audio"),
            *("transcribe_dub", "listener", "hls", "hls_h264"),
        ),
        provider="listener",
        status=LanguageStatus.MIXING,
        storing=LanguageStatus.EXPORTING,
        share=0.2,
        looks_back=True,
        code_version=5,
    ),
    # The one file with all languages, made when the last of them has ended (docs/adr/0009).
    Stage.JOIN: StageDefinition(
        reads=("media",),
        reads_of_all=(ArtifactKind.VIDEO, ArtifactKind.AUDIO, ArtifactKind.CAPTIONS_VTT),
        params=("source_language", "source_track"),
        share=0.05,
        per_language=False,
        waits_for_all=True,
        only_latest=True,
        code_version=2,
    ),
}

ORDER = tuple(STAGES)
PER_LANGUAGE = tuple(stage for stage, row in STAGES.items() if row.per_language)
FAN_IN = tuple(stage for stage, row in STAGES.items() if row.waits_for_all)
# Those that a run can be asked to start from; a fan-in follows from what its languages do.
RESUMABLE = tuple(stage for stage, row in STAGES.items() if not row.waits_for_all)

# What serves all languages of a run carries this in place of a language.
ALL_LANGUAGES = ""


@dataclass(frozen=True)
class Provenance:
    """How a stage's results came about: by which provider and model, for how many US dollars.

    `provider` is None for what the user gave.
    """

    stage: Stage
    provider: str | None
    model: str | None
    cost_usd: float


def list_stages(kind: JobKind) -> tuple[Stage, ...]:
    """The stages that a job of this kind goes through."""
    return ORDER if kind is JobKind.DUB else (Stage.ASR,)
