"""What a stage is given and what it gives back: inputs in, artifacts out, nothing else."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from backend.documents.limits import TextLimits
from backend.errors import Damaged
from backend.media.limits import MediaLimits
from backend.media.mime import find_mime
from backend.pipeline.files import StageFiles, StoredFile
from backend.pipeline.params import JobParams
from backend.storage.hashing import compute_file_sha256
from workers.interfaces.providers import (
    Cost,
    Provider,
    ProviderCall,
    Synthesizer,
    Transcriber,
    Translator,
)


@dataclass(frozen=True, kw_only=True)
class StageInput(StageFiles):
    """One stage of one run, for one language (empty for what serves all of them).

    `files` holds the job's uploads by role (`media`, `background`) and the artifacts of the
    stages before by kind (`segments_src`, `segments`, `speech`), those of this language.
    """

    job_id: str
    run_number: int
    language: str
    params: JobParams


@dataclass(frozen=True)
class OutputFile:
    """A file that the stage made; `kind` is unique within the stage and language.

    `meta` says what a user may want to know of it (duration, codec, sample rate, ...).
    """

    kind: str
    path: Path
    mime: str
    filename: str
    meta: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> str:
        """The file's hash, read once: the manifest tells it, and storage goes by it."""
        return compute_file_sha256(self.path)


def describe_output(kind: str, path: Path, meta: Mapping[str, Any] | None = None) -> OutputFile:
    """A file that is called as it is on disk and is what its suffix says."""
    return OutputFile(kind, path, find_mime(path), path.name, meta or {})


@dataclass(frozen=True)
class ReusedFile:
    """An object that is in storage already and becomes an artifact of this stage as well."""

    kind: str
    file: StoredFile
    filename: str
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StageResult:
    """All that a stage made, by which provider and model."""

    files: tuple[OutputFile, ...]
    provider: str
    model: str
    warnings: tuple[str, ...] = ()
    reused: tuple[ReusedFile, ...] = ()


class ContentStore(Protocol):
    """Keeps files under the hash of everything that made them, across runs and jobs."""

    def get(self, content_key: str) -> StoredFile | None:
        """The file kept under this content key, or None."""

    def put(self, content_key: str, path: Path) -> StoredFile:
        """Keep a file (FLAC, MP4 or JSON, by its suffix) under this content key."""

    def drop(self, file: StoredFile) -> None:
        """Forget a file, so that it is made again."""


class StageContext(ProviderCall, Protocol):
    """Where a stage works: a scratch folder, the storage to read from, the line to the runner."""

    workdir: Path
    clips: ContentStore  # synthesised speech
    batches: ContentStore  # translated texts
    transcripts: ContentStore  # of recordings, and of finished dubs
    media_limits: MediaLimits  # what a recording may demand
    text_limits: TextLimits  # and a transcript
    streams: ContentStore  # recordings that are held, what is the same in all HLS packages

    def fetch(self, file: StoredFile) -> Path:
        """A local, verified copy of an object, for reading only; raises `Damaged`."""

    def pause(self, seconds: float) -> None:
        """Wait; raises as `progress` does as soon as the work must stop."""

    def add_cost(self, cost: Cost) -> None:
        """Note what a call cost, whatever becomes of the work that it is for."""

    def require_budget(self, provider: str) -> None:
        """Raise `Refused` when the job may not spend what this stage costs by this provider."""

    def pace_call(self, provider: Provider) -> AbstractContextManager[None]:
        """Within it one call of the provider may be made; entered when it is this call's turn."""

    def hold_alone(self, name: str) -> AbstractContextManager[None]:
        """Within it nobody else on this machine does what has this name; others wait."""

    def get_transcriber(self, name: str) -> Transcriber:
        """The named transcriber; `Permanent` when there is none of that name."""

    def get_translator(self, name: str) -> Translator:
        """The named translator."""

    def get_synthesizer(self, name: str) -> Synthesizer:
        """The named synthesiser."""


def load_reusable(
    store: ContentStore, content_key: str, context: StageContext
) -> tuple[StoredFile, Path] | None:
    """What is kept under this key, and a local copy; what storage damaged counts as not kept."""
    file = store.get(content_key)
    if file is None:
        return None
    try:
        return file, context.fetch(file)
    except Damaged:
        store.drop(file)
        return None


StageFunction = Callable[[StageInput, StageContext], StageResult]
