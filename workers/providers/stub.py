"""Deterministic, instant providers for tests and for trying the API without any engine."""

from collections.abc import Sequence

import numpy as np

from backend.documents import languages
from backend.documents.transcripts import Segment, Word
from backend.settings import Settings
from workers.interfaces.providers import (
    OverlongText,
    Pitch,
    ProviderCall,
    Recording,
    Shortener,
    SpeechResult,
    Synthesizer,
    Transcriber,
    TranscriptionResult,
    TranslationBatch,
    TranslationResult,
    Utterance,
    Voice,
)

SAMPLE_RATE = 16_000
SECONDS_PER_CHARACTER = 0.06
PAUSE_S = 0.5
SPEAKER_LENGTH = 20
VOICES = (
    Voice("bass", Pitch.LOW),
    Voice("tenor", Pitch.MIDDLE),
    Voice("alto", Pitch.HIGH),
    Voice("soprano", Pitch.HIGH),
)
HERTZ = {"bass": 110, "tenor": 165, "alto": 220, "soprano": 262}


def build_transcriber(_: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return StubTranscriber()


def build_translator(_: Settings) -> Shortener:
    """See `workers.providers.registry`."""
    return StubTranslator()


def build_synthesizer(_: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return StubSynthesizer()


class StubTranscriber:
    """A text file is its own transcript, a line a segment; other media get a placeholder."""

    name = "stub"
    remote = False
    model = "stub-1"
    sample_rate = SAMPLE_RATE

    def check(self, language: str) -> None:
        """Every language will do."""

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Segments follow one another, as long as their text; `Ann: Hello` gives a speaker."""
        call.progress(0.5)
        if recording.text is None:
            text = f"{{stub transcript of {recording.duration:.3f} s of sound}}"
            segments = [Segment(id=0, start=0.0, end=recording.duration, text=text)]
        else:
            lines = [line.strip() for line in recording.text.splitlines() if line.strip()]
            segments = _build_words(
                [_split_speaker(line) if diarize else (None, line) for line in lines]
            )
        return TranscriptionResult(segments, "en" if language == languages.DETECT else language)


def _split_speaker(line: str) -> tuple[str | None, str]:
    name, colon, text = line.partition(": ")
    return (name, text) if colon and len(name) <= SPEAKER_LENGTH else (None, line)


def _build_words(lines: Sequence[tuple[str | None, str]]) -> list[Segment]:
    segments, start = [], 0.0
    for number, (speaker, text) in enumerate(lines):
        words = text.split()
        step = len(text) * SECONDS_PER_CHARACTER / len(words)
        timed = tuple(
            Word(text=word, start=start + i * step, end=start + (i + 1) * step, confidence=1.0)
            for i, word in enumerate(words)
        )
        end = timed[-1].end
        segments.append(
            Segment(id=number, start=start, end=end, text=text, speaker=speaker, words=timed)
        )
        start = end + PAUSE_S
    return segments


class StubTranslator:
    """Puts the target language before the text."""

    name = "stub"
    remote = False
    model = "stub-1"
    batch_size = 50
    instructable = False

    def check(self, source: str, target: str) -> None:
        """Every pair will do."""

    def translate(self, batch: TranslationBatch, *, call: ProviderCall) -> TranslationResult:
        """`Hello` becomes `{es} Hello`: what stands in other brackets would not be said."""
        return TranslationResult([f"{{{batch.target}}} {text}" for text in batch.texts])

    def shorten(
        self, texts: Sequence[OverlongText], source: str, target: str, *, call: ProviderCall
    ) -> TranslationResult:
        """As many of the first words as may stay, but one at least."""
        return TranslationResult([_take_first_words(one.text, one.characters) for one in texts])


def _take_first_words(text: str, characters: int) -> str:
    first, *words = text.split()
    for word in words:
        if len(first) + 1 + len(word) > characters:
            break
        first += f" {word}"
    return first


class StubSynthesizer:
    """Hums: a tone whose length follows from text and rate, its pitch from the voice."""

    name = "stub"
    remote = False
    model = "stub-1"
    concurrency = 2
    max_rate = 1.3

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The same four voices for every language."""
        return VOICES

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """A tone at -12 dBFS."""
        length = len(utterance.text) * SECONDS_PER_CHARACTER / utterance.rate
        time = np.arange(round(length * SAMPLE_RATE)) / SAMPLE_RATE
        tone = 0.25 * np.sin(2 * np.pi * HERTZ[utterance.voice] * time)
        return SpeechResult(tone.astype(np.float32), SAMPLE_RATE)
