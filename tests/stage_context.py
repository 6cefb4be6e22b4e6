"""The context of a stage by itself: real storage in a folder, real providers, no database."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from backend.errors import Refused
from backend.pipeline.files import StoredFile
from backend.pipeline.params import JobKind, JobParams
from backend.settings import Settings
from backend.storage.base import BlobStore
from backend.storage.hashing import compute_file_sha256
from backend.storage.local import LocalStore
from workers.interfaces.providers import (
    Cost,
    Provider,
    SourceLine,
    Synthesizer,
    Transcriber,
    TranslationBatch,
    Translator,
)
from workers.interfaces.stages import OutputFile, StageInput, StageResult
from workers.providers.registry import ProviderRegistry
from workers.runtime.content_store import BlobContentStore, fetch_file

PROVIDERS = ProviderRegistry(Settings())


class LocalContext:
    """Hands the files of one stage to the next; `stop_at` makes `progress` raise it from there."""

    def __init__(self, folder: Path, store: BlobStore | None = None) -> None:
        self.workdir = folder / "work"
        self.workdir.mkdir(parents=True, exist_ok=True)
        self.store = store or LocalStore(folder / "store", "http://test", "secret")
        self.clips = BlobContentStore(self.store, "clips", set())
        self.streams = BlobContentStore(self.store, "streams", set())
        self.batches = BlobContentStore(self.store, "batches", set())
        self.transcripts = BlobContentStore(self.store, "transcripts", set())
        self.media_limits = Settings().media_limits
        self.text_limits = Settings().text_limits
        self.told: list[float] = []
        self.stop: tuple[float, Exception] | None = None
        self.memo: dict[str, str] = {}
        self.bill: list[Cost] = []
        self.pauses: list[float] = []
        self.dear: set[str] = set()  # providers that the job may not pay for

    def progress(self, fraction: float) -> None:
        self.told.append(fraction)
        if self.stop and fraction >= self.stop[0]:
            raise self.stop[1]

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def recall(self, key: str) -> str | None:
        return self.memo.get(key)

    def remember(self, key: str, value: str) -> None:
        self.memo[key] = value

    def fetch(self, file: StoredFile) -> Path:
        return fetch_file(self.store, file, self.workdir)

    def add_cost(self, cost: Cost) -> None:
        self.bill.append(cost)

    def take_spent(self) -> Cost:
        """What was paid since this was last asked."""
        bill, self.bill = self.bill, []
        return Cost.total(bill)

    def require_budget(self, provider: str) -> None:
        if provider in self.dear:
            raise Refused(f"maxCost: {provider} is too much")

    def pace_call(self, provider: Provider) -> AbstractContextManager[None]:
        return nullcontext()

    def hold_alone(self, _name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def get_transcriber(self, name: str) -> Transcriber:
        return PROVIDERS.get_transcriber(name)

    def get_translator(self, name: str) -> Translator:
        return PROVIDERS.get_translator(name)

    def get_synthesizer(self, name: str) -> Synthesizer:
        return PROVIDERS.get_synthesizer(name)

    def store_file(self, path: Path, mime: str, filename: str = "") -> StoredFile:
        """Put a file into storage, as the runner does."""
        sha256 = compute_file_sha256(path)
        key = f"{sha256}/{path.name}"
        self.store.put(key, path, mime=mime, sha256=sha256)
        return StoredFile(key, sha256, path.stat().st_size, mime, filename or path.name)

    def store_result(self, outcome: StageResult) -> dict[str, StoredFile]:
        """A stage's files, stored, by kind."""
        return {made.kind: self._store_output(made) for made in outcome.files}

    def _store_output(self, made: OutputFile) -> StoredFile:
        return self.store_file(made.path, made.mime, made.filename)


def build_batch(texts: Sequence[str], target: str = "es", source: str = "en") -> TranslationBatch:
    """Texts as a translator is given them."""
    lines = tuple(SourceLine(id_, text) for id_, text in enumerate(texts))
    return TranslationBatch(lines, source, target)


def build_input(files: dict[str, StoredFile], language: str = "", **params: object) -> StageInput:
    """The work of one stage, by default with the stub providers."""
    stub = {"transcription": "stub", "translation": "stub", "tts": "stub"}
    given = {"kind": JobKind.DUB, "source_language": "en", "target_languages": (language or "es",)}
    return StageInput(
        job_id="job-1",
        run_number=1,
        language=language,
        params=JobParams(**{"providers": stub, **given, **params}),
        files=files,
    )
