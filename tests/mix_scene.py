"""A job of the mix stage in the making, on known sound, and ways to look at what came of it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from backend.documents.speech import Clip, Speech
from backend.documents.transcripts import Line, Translation
from backend.media.probe import probe_media
from backend.pipeline.files import StoredFile
from backend.pipeline.params import JobKind, JobParams, Timing
from backend.pipeline.stages import Provenance
from backend.settings import Settings
from backend.storage.hashing import compute_file_sha256
from backend.storage.local import LocalStore
from tests.media_samples import Samples, tone, write
from workers.interfaces.stages import StageInput, StageResult
from workers.media.decode import decode_blocks, fit_blocks
from workers.runtime.content_store import BlobContentStore
from workers.stages.mix import run
from workers.timing.policy import place_lines

RATE = 48_000
CLIP_RATE = 22_050
PITCHES = {"Otra cosa": 660.0}  # of what is said in Hz, 880 unless told
LINES = [(0.5, 1.3, "Hola, mundo.", 0.8), (2.0, 3.0, "¿Qué <tal> & cuál?", 1.0)]


class FakeContext:
    """Storage is a dict of paths, but for what is kept for other jobs."""

    def __init__(self, workdir: Path) -> None:
        self.workdir = workdir
        self.store = LocalStore(workdir / "store", "http://test", "secret")
        self.streams = BlobContentStore(self.store, "streams", set())
        self.transcripts = BlobContentStore(self.store, "transcripts", set())
        self.media_limits = Settings().media_limits
        self.stored: dict[str, Path] = {}
        self.told: list[float] = []
        self.fetched: list[str] = []

    def progress(self, fraction: float) -> None:
        self.told.append(fraction)

    def fetch(self, file: StoredFile) -> Path:
        self.fetched.append(file.key)
        return self.stored.get(file.key) or self.store.resolve_path(file.key)

    def hold_alone(self, _name: str) -> AbstractContextManager[None]:
        return nullcontext()


class Scene:
    """A job of the mix stage in the making: `lines` are (start, end, text, clip's seconds)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.context = FakeContext(folder)
        self.before: dict[str, StoredFile] = {}
        self.upstream: Sequence[Provenance] = ()
        self.files: dict[str, StoredFile] = {}

    def store(self, role: str, path: Path, mime: str = "", filename: str = "") -> None:
        self.context.stored[role] = path
        sha256 = compute_file_sha256(path)
        self.files[role] = StoredFile(role, sha256, path.stat().st_size, mime, filename)

    def say(
        self,
        lines: Sequence[tuple[float, float, str, float]],
        duration: float,
        level: float = 1.0,
        source: str = "",
        timing: Timing | None = None,
    ) -> None:
        clips = []
        for number, (_start, _end, text, seconds) in enumerate(lines):
            if not seconds:
                continue
            key = f"clip-{number}"
            voice = level * tone(seconds, CLIP_RATE, 1, PITCHES.get(text, 880.0))
            self.context.stored[key] = write(self.folder / f"{key}.flac", voice, CLIP_RATE)
            clips.append(
                Clip(
                    id=number,
                    text=text,
                    object_key=key,
                    sha256=compute_file_sha256(self.context.stored[key]),
                    size=1,
                    duration=seconds,
                    natural=seconds,
                    rate=1.0,
                    voice="v",
                )
            )
        translation = Translation(
            source_language="de",
            language="es",
            duration=duration,
            lines=tuple(
                Line(id=number, start=start, end=end, source=source, text=text)
                for number, (start, end, text, _seconds) in enumerate(lines)
            ),
        )
        natural = {clip.id: clip.natural for clip in clips}
        placements = place_lines(translation.lines, natural, duration, timing or Timing())
        speech = Speech(language="es", clips=tuple(clips), placements=placements)
        self._document("segments", translation.to_bytes())
        self._document("speech", speech.to_bytes())

    def _document(self, role: str, content: bytes) -> None:
        path = self.folder / f"{role}.json"
        path.write_bytes(content)
        self.store(role, path)

    def run(self, **params: object) -> StageResult:
        params = JobParams(
            kind=JobKind.DUB, source_language="de", target_languages=("es",), **params
        )
        inputs = StageInput(
            job_id="job-1",
            run_number=3,
            language="es",
            params=params,
            files=self.files,
            before=self.before,
            upstream=self.upstream,
        )
        return run(inputs, self.context)

    def again(self, outcome: StageResult) -> None:
        """The next run is to find what this one made."""
        for made in outcome.files:
            key, path = f"before-{made.kind}", made.path.rename(f"{made.path}-before")
            self.context.stored[key] = path
            sha256, size = compute_file_sha256(path), path.stat().st_size
            self.before[made.kind] = StoredFile(key, sha256, size, made.mime)
        self.context.fetched.clear()


def paths(outcome: StageResult) -> dict[str, Path]:
    return {made.kind: made.path for made in outcome.files}


def decode_sound(path: Path) -> Samples:
    total = round(probe_media(path).duration * RATE)
    return np.concatenate(list(fit_blocks(decode_blocks(path, RATE, 2), total, RATE, 2)))
