"""Providers that count what is bought of them, in a file that outlives their process."""

import hashlib
import os
from collections import Counter
from pathlib import Path

from backend.settings import Settings
from workers.interfaces.providers import (
    ProviderCall,
    Recording,
    SpeechResult,
    TranscriptionResult,
    TranslationBatch,
    TranslationResult,
    Utterance,
)
from workers.providers.stub import StubSynthesizer, StubTranscriber, StubTranslator

SETTING = "DUBLINE_TEST_PURCHASES"


def record_purchase(what: str) -> None:
    """Write a purchase down; one write of one line, which processes do not mix up."""
    with Path(os.environ[SETTING]).open("ab", buffering=0) as log:
        log.write(f"{what}\n".encode())


def purchases(log: Path) -> Counter[str]:
    """What was bought, and how often."""
    return Counter(log.read_text().splitlines()) if log.exists() else Counter()


class Transcriber(StubTranscriber):
    """Takes a job and is asked for its result later, as AssemblyAI is."""

    name = "vendor"
    remote = True

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Submit, unless an earlier attempt did; then fetch."""
        if call.recall("vendor-job") is None:
            record_purchase(f"asr {_short(recording.text or '')}")
            call.remember("vendor-job", "job-1")
        return super().transcribe(recording, language, diarize=diarize, call=call)


class Translator(StubTranslator):
    """Is paid by batch."""

    name = "vendor"
    remote = True

    def translate(self, batch: TranslationBatch, *, call: ProviderCall) -> TranslationResult:
        """Translate a batch."""
        record_purchase(f"mt {batch.target} {_short(' '.join(batch.texts))}")
        return super().translate(batch, call=call)


class Synthesizer(StubSynthesizer):
    """Is paid by line."""

    name = "vendor"
    remote = True

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak a line."""
        record_purchase(f"tts {utterance.voice} {utterance.rate} {_short(utterance.text)}")
        return super().synthesize(utterance, call=call)


def build_transcriber(_: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return Transcriber()


def build_translator(_: Settings) -> Translator:
    """See `workers.providers.registry`."""
    return Translator()


def build_synthesizer(_: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return Synthesizer()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
