"""What a provider of transcription, translation or speech has to offer.

Providers raise `Transient`, `RateLimited`, `Pending`, `Permanent` or `Refused` from
`backend.errors` and nothing else; they never retry by themselves, because the database owns
retries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from backend.documents.transcripts import Segment


@dataclass(frozen=True)
class Cost:
    """What a call used and cost: `units` of `unit` (seconds, characters, tokens), `usd` in all."""

    units: float = 0.0
    unit: str = ""
    usd: float = 0.0

    @classmethod
    def total(cls, costs: Iterable["Cost"]) -> "Cost":
        """The sum of costs of one provider, which counts them all in the same unit."""
        listed = list(costs)
        unit = next((cost.unit for cost in listed if cost.unit), "")
        return cls(sum(cost.units for cost in listed), unit, sum(cost.usd for cost in listed))


class ProviderCall(Protocol):
    """The line back to the stage that a provider gets with every piece of work."""

    def progress(self, fraction: float) -> None:
        """Report 0..1 done; raises `Cancelled` or `LeaseLost` when the work must stop."""

    def recall(self, key: str) -> str | None:
        """What `remember` stored under `key`, also by an earlier, killed attempt."""

    def remember(self, key: str, value: str) -> None:
        """Store durably, say the vendor's own job id before polling, so nothing is bought twice."""


@dataclass(frozen=True)
class Recording:
    """Audio to transcribe: `path` is 16-bit mono WAV at the transcriber's `sample_rate`.

    `text` is the recording's own text where the uploaded file was text, not media; `keyterms` are
    names and terms that are likely to be said.
    """

    path: Path
    duration: float
    text: str | None = None
    keyterms: tuple[str, ...] = ()


@dataclass(frozen=True)
class TranscriptionResult:
    """A transcriber's answer; `language` is what it heard where it was asked to detect."""

    segments: Sequence[Segment]
    language: str
    cost: Cost = field(default_factory=Cost)
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class SourceLine:
    """A line to translate: what is said, by whom, and how long it may take in the dub.

    `characters` is about how many are spoken in these seconds. `fault` is what was wrong with the
    translation before, where the line is asked for again.
    """

    id: int
    text: str
    speaker: str | None = None
    seconds: float = 0.0
    characters: int = 0
    fault: str = ""


@dataclass(frozen=True)
class TranslationBatch:
    """Lines to translate in one call; `before` and `after` are what is said around them.

    `terms` are those of the glossary that are in the lines, each with what has to stand for it.
    """

    lines: tuple[SourceLine, ...]
    source: str
    target: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> list[str]:
        """The texts by themselves, for those who need no more."""
        return [line.text for line in self.lines]


@dataclass(frozen=True)
class TranslationResult:
    """A translator's answer: one text for each line it was given, in the same order.

    A text is empty where it has none; `reason` tells why.
    """

    texts: Sequence[str]
    cost: Cost = field(default_factory=Cost)
    reason: str = ""


@dataclass(frozen=True)
class OverlongText:
    """A translated text that takes too long to speak, and the text that it translates.

    `seconds` is what its voice may take at its natural rate, `characters` about how many it speaks
    in that time. `terms` of the source have to keep what stands for them.
    """

    text: str
    source: str
    seconds: float
    characters: int
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Utterance:
    """A line to speak; `rate` is relative to the voice's natural speaking rate (1.0).

    `before` and `after` are what its speaker says around it, for a `ContextReader` only.
    """

    text: str
    language: str
    voice: str
    rate: float = 1.0
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class SpeechResult:
    """A synthesiser's answer: `samples` is float32 mono in -1..1 at `sample_rate` Hz.

    Silence, or no sample, is for a text that it cannot say.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    cost: Cost = field(default_factory=Cost)


class Provider(Protocol):
    """`remote`: a service that all workers call, and whose limits they keep together."""

    name: str
    remote: bool

    @property
    def model(self) -> str:
        """What the output depends on, by name and version."""


class Transcriber(Provider, Protocol):
    """Turns a recording into segments."""

    sample_rate: int

    def check(self, language: str) -> None:
        """Raise `Permanent` when this language cannot be transcribed."""

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Transcribe; `language` is a BCP-47 tag or `auto`; `diarize` asks for speaker labels."""


@runtime_checkable
class LanguageLister(Protocol):
    """A transcriber to whom `check` is dear."""

    def list_languages(self) -> Sequence[str]:
        """All languages that it knows."""


@runtime_checkable
class JobTranscriber(Transcriber, Protocol):
    """A transcriber whose `transcribe` hands in a job and raises `Pending`."""

    def has_job(self, call: ProviderCall) -> bool:
        """Whether an earlier attempt has handed in a job that is to be fetched."""

    def fetch(self, language: str, *, call: ProviderCall) -> TranscriptionResult:
        """The answer to that job; raises `Pending` as long as it is not done."""


class Pitch(IntEnum):
    """How high a voice is."""

    LOW = 0
    MIDDLE = 1
    HIGH = 2


@dataclass(frozen=True)
class Voice:
    """A voice that a synthesiser offers, by the name that an utterance asks for it with."""

    name: str
    pitch: Pitch


class Translator(Provider, Protocol):
    """Translates batches of lines. `batch_size` is the most lines one call may carry.

    `instructable`: it heeds all that a batch tells, and what was wrong with an earlier answer;
    others go by the texts alone and answer the same each time.
    """

    batch_size: int
    instructable: bool

    def check(self, source: str, target: str) -> None:
        """Raise `Permanent` when this pair of languages cannot be translated."""

    def translate(self, batch: TranslationBatch, *, call: ProviderCall) -> TranslationResult:
        """Translate each line; never merges, drops or adds one."""


@runtime_checkable
class TargetLister(Protocol):
    """A translator that does not take just any pair of languages."""

    def list_targets(self, source: str) -> Sequence[str]:
        """All languages that it translates this one into."""


@runtime_checkable
class Shortener(Translator, Protocol):
    """A translator that can also say the same in fewer words."""

    def shorten(
        self, texts: Sequence[OverlongText], source: str, target: str, *, call: ProviderCall
    ) -> TranslationResult:
        """Shorten each text, at most `batch_size` of them, to about the characters it may have.

        What cannot be said shorter comes back as it was.
        """


class Synthesizer(Provider, Protocol):
    """Speaks one line at a time. `concurrency` is how many lines may be asked for at once."""

    concurrency: int
    max_rate: float

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The voices for a language, the best ones first; raises `Permanent` without any."""

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line."""


@runtime_checkable
class ContextReader(Synthesizer, Protocol):
    """A synthesiser that speaks a line as part of what is said around it."""

    reads_context: bool
