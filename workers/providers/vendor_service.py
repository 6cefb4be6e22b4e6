"""The shape of a vendor: what all of them do alike, around the few lines in which they differ.

A vendor's file has a class that knows its SDK (`VendorService`), one that hears
(`VendorTranscriber`) and one that speaks (`VendorSynthesizer`). These ask, and say what stands in
the answer; keys, deadlines, errors, checks and costs are here.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Permanent, Refused
from backend.pipeline.prices import load_prices
from backend.pipeline.providers import ProviderKind
from backend.settings import Settings
from workers.interfaces.providers import (
    Cost,
    ProviderCall,
    Recording,
    SpeechResult,
    TranscriptionResult,
    Utterance,
    Voice,
)
from workers.providers.vendor_audio import SentSpeech, decode_pcm, join_speech, split_text
from workers.providers.vendor_calls import VendorLine
from workers.providers.vendor_errors import VendorFailure
from workers.providers.vendor_words import HeardWord, build_segments, check_length, read_language
from workers.providers.vendors import VENDORS, read_key

LISTENING_S = 300.0  # besides as long as the recording is
SPEAKING_S = 90.0

Answer = TypeVar("Answer")


class VendorService(ABC):
    """A vendor, known by its name in `VENDORS`; a client of its SDK is made at the first call."""

    name: str
    kind: ProviderKind
    remote = True

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.key = read_key(settings, self.name)
        self._prices = load_prices(settings.prices_file)
        self.ask = VendorLine(self.name, self.describe, self.key).ask

    @property
    def model(self) -> str:
        """All models that may be asked."""
        return ", ".join(VENDORS[self.name].models[self.kind])

    @abstractmethod
    def describe(self, error: Exception) -> VendorFailure | None:
        """What an error of the SDK's tells; None for any other."""

    def compute_usd(self, models: Iterable[str], unit: str, count: float) -> float:
        """What so many units cost, of each of these models."""
        return sum(self._prices.compute_usd(self.name, one, {unit: count}) for one in models)


@dataclass(frozen=True)
class HearingTask:
    """A recording to hear, in which language (`auto`: to be told), and whether by speakers."""

    recording: Recording
    language: str
    diarize: bool
    call: ProviderCall

    @property
    def deadline(self) -> float:
        """The seconds that it may take."""
        return LISTENING_S + self.recording.duration

    @property
    def detect(self) -> bool:
        """Whether the language is to be told."""
        return self.language == languages.DETECT


@dataclass(frozen=True)
class HeardSpeech:
    """What a vendor says it heard, of how many seconds, in which language.

    `models` are those that it is paid for.
    """

    words: Sequence[HeardWord]
    seconds: float | None
    language: str | None
    models: Sequence[str]
    warnings: Sequence[str] = ()


class VendorTranscriber(VendorService):
    """Hears a whole recording in one call, in these `languages`."""

    kind = ProviderKind.TRANSCRIPTION
    sample_rate = 16_000
    languages: ClassVar[Collection[str]]

    @abstractmethod
    def listen(self, task: HearingTask) -> Any:
        """Send the recording; returns the SDK's answer."""

    @abstractmethod
    def read_answer(self, answer: Any, task: HearingTask) -> HeardSpeech:
        """What stands in it; raises `Transient` where it has no transcript."""

    def check(self, language: str) -> None:
        """Raise `Refused` for a language that the vendor does not know."""
        if language != languages.DETECT:
            require_language(self.name, language, self.languages)

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Transcribe; raises `Permanent` for text."""
        self.check(language)
        if recording.text is not None:
            raise Permanent(f"{self.name} needs sound to listen to: this is a text file")
        task = HearingTask(recording, language, diarize, call)
        answer = self.ask(
            "transcription",
            lambda: self.listen(task),
            task.deadline,
            check=lambda: call.progress(0.0),
        )
        heard = self.read_answer(answer, task)
        return self.build_result(heard, language, recording.duration)

    def build_result(
        self, heard: HeardSpeech, language: str, duration: float
    ) -> TranscriptionResult:
        """Sentences and costs; raises `Transient` for less than `duration` seconds."""
        seconds = check_length(self.name, heard.seconds, duration)
        detect = language == languages.DETECT
        known = read_language(self.name, heard.language) if detect else language
        segments = build_segments(heard.words, duration, known)
        usd = self.compute_usd(heard.models, "seconds", seconds)
        return TranscriptionResult(segments, known, Cost(seconds, "seconds", usd), heard.warnings)


class VendorSynthesizer(VendorService):
    """Speaks texts of at most `most_characters` in one call; longer ones in several."""

    kind = ProviderKind.TTS
    sample_rate: ClassVar[int] = 24_000
    most_characters: ClassVar[int]
    concurrency = 4
    max_rate: float

    @abstractmethod
    def list_voices(self, language: str) -> Sequence[Voice]:
        """The voices, the best first; raises `Refused` for a language that has none."""

    @abstractmethod
    def speak(self, part: Utterance) -> SentSpeech:
        """Say it; what is said around a part of a line stands in `before` and `after`."""

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line; raises `Permanent` for a voice that is not offered."""
        offered = [voice.name for voice in self.list_voices(utterance.language)]
        if utterance.voice not in offered:
            known = ", ".join(offered)
            raise Permanent(f"{self.name} speaks as {known}, not as '{utterance.voice}'")
        pieces = split_text(collapse_lines(utterance.text), self.most_characters)
        around = [utterance.before, *pieces, utterance.after]
        parts = [
            replace(utterance, before=before, text=piece, after=after)
            for before, piece, after in zip(around, pieces, around[2:], strict=False)
        ]
        return join_speech([self._speak_part(part) for part in parts])

    def _speak_part(self, part: Utterance) -> SpeechResult:
        sent = self.ask("speech", lambda: self.speak(part), SPEAKING_S, text=part.text)
        samples = decode_pcm(self.name, sent, self.sample_rate, part)
        # Vendors count what they bill; where they do not tell, all that was sent.
        characters = float(len(part.text) if sent.characters is None else sent.characters)
        usd = self.compute_usd([sent.model or self.model], "characters", characters)
        return SpeechResult(samples, self.sample_rate, Cost(characters, "characters", usd))


def require_language(vendor: str, language: str, known: Collection[str]) -> None:
    """Raise `Refused` for a language that is not among those known."""
    if languages.get_base_language(language) not in known:
        raise Refused(f"{vendor} does not know {languages.get_name(language)} ({language})")
