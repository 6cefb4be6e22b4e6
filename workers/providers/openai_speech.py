"""OpenAI: transcription by whisper-1 and speech by tts-1, as long as these last."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import langcodes
import soundfile
from openai import APIConnectionError, APIStatusError, OpenAI, OpenAIError

from backend.documents import languages
from backend.errors import Refused, Transient
from backend.settings import Settings
from workers.interfaces.providers import Pitch, Synthesizer, Transcriber, Utterance, Voice
from workers.providers.vendor_audio import SentSpeech
from workers.providers.vendor_errors import VendorFailure, read_failure
from workers.providers.vendor_service import (
    SPEAKING_S,
    HeardSpeech,
    HearingTask,
    VendorService,
    VendorSynthesizer,
    VendorTranscriber,
    require_language,
)
from workers.providers.vendor_words import HeardWord, read_word, straighten_words
from workers.speakers import turns
from workers.speakers.sentences import cut_sentences

# What both models know (https://developers.openai.com/api/docs/guides/speech-to-text, 2026-11-25).
LANGUAGES = (
    "af ar az be bg bs ca cs cy da de el en es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko "
    "lt lv mi mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh"
)

STT = "whisper-1"
MOST_BYTES = 25 * 2**20
BLOCK = 1 << 16  # samples that are encoded at a time

TTS = "tts-1"
FASTEST = 1.5  # it would go up to 4, which nobody follows
# Those of tts-1; others in the SDK are of later models (2026-11-28). Nobody heard how high.
VOICES = {
    "nova": Pitch.HIGH,
    "onyx": Pitch.LOW,
    "shimmer": Pitch.HIGH,
    "echo": Pitch.LOW,
    "coral": Pitch.HIGH,
    "ash": Pitch.LOW,
    "sage": Pitch.HIGH,
    "fable": Pitch.MIDDLE,
    "alloy": Pitch.MIDDLE,
}


def build_transcriber(settings: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return OpenAITranscriber(settings)


def build_synthesizer(settings: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return OpenAISynthesizer(settings)


class OpenAIService(VendorService):
    """Its SDK."""

    name = "openai_speech"

    @cached_property
    def client(self) -> OpenAI:
        """For all calls of this process."""
        url = self.settings.openai_url
        return OpenAI(api_key=self.key, base_url=url, max_retries=0, timeout=SPEAKING_S)

    def describe(self, error: Exception) -> VendorFailure | None:
        """Three kinds: an answer, none, and one that its models cannot read."""
        if isinstance(error, APIStatusError):
            headers = error.response.headers
            return read_failure(error.status_code, error.body, headers, "x-request-id")
        if isinstance(error, APIConnectionError):
            return VendorFailure(message=type(error).__name__)
        if isinstance(error, (OpenAIError, ValueError)):
            return VendorFailure(200, message="the answer cannot be read")
        return None


class OpenAITranscriber(OpenAIService, VendorTranscriber):
    """Tells no speakers: these are told apart here."""

    languages = LANGUAGES.split()

    def listen(self, task: HearingTask) -> Any:
        """Send the recording as Opus; raises `Refused` for one that is too long."""
        path = encode_opus(task.recording.path)
        if path.stat().st_size > MOST_BYTES:
            raise Refused(f"openai_speech takes {MOST_BYTES} bytes, and this recording has more")
        question: dict[str, Any] = {}
        if not task.detect:
            question["language"] = languages.get_base_language(task.language)
        if task.recording.keyterms:
            question["prompt"] = ", ".join(task.recording.keyterms)
        with path.open("rb") as sound:
            return self.client.audio.transcriptions.create(
                file=("speech.ogg", sound, "audio/ogg"),
                model=STT,
                response_format="verbose_json",
                timestamp_granularities=["word"],
                timeout=task.deadline,
                **question,
            )

    def read_answer(self, answer: Any, task: HearingTask) -> HeardSpeech:
        """Its words with the marks of its text, by speakers if that is asked for."""
        seconds = getattr(answer, "duration", None)
        if seconds is None or answer.words is None:
            raise Transient("openai_speech: the answer has no words")
        language = _read_language_name(answer.language) if task.detect else task.language
        words = list(read_words(answer.words, answer.text))
        if not task.diarize:
            return HeardSpeech(words, seconds, language, [STT])
        told = _tell_speakers(words, task)
        return HeardSpeech(list(_label_words(told)), seconds, language, [STT], told.warnings)


def _tell_speakers(words: Sequence[HeardWord], task: HearingTask) -> turns.Diarization:
    ordered = straighten_words(words, task.recording.duration)
    sentences = cut_sentences([one.word for one in ordered])
    return turns.diarize(task.recording.path, sentences, task.call)


def _label_words(told: turns.Diarization) -> Iterator[HeardWord]:
    for number, turn in enumerate(told.turns):
        yield from (HeardWord(word, turn.speaker, number) for word in turn.words)


def encode_opus(wav: Path) -> Path:
    """The recording as OGG beside it: two hours of speech are as much as one call may carry."""
    path = wav.with_suffix(".ogg")
    with (
        soundfile.SoundFile(wav) as source,
        soundfile.SoundFile(
            path, "w", source.samplerate, source.channels, format="OGG", subtype="OPUS"
        ) as target,
    ):
        for block in source.blocks(BLOCK):
            target.write(block)
    return path


def _read_language_name(name: str) -> str:
    """The tag of a language by its English name, which is how Whisper tells it."""
    try:
        return langcodes.find(name, language="en").to_tag()
    except LookupError:
        raise Transient("openai_speech: the answer does not tell the language") from None


def read_words(words: Sequence[Any], text: str) -> Iterator[HeardWord]:
    """The words with the marks after them, which stand in the text only."""
    starts = list(_find_words([one.word for one in words], text))
    for one, start, after in zip(words, starts, [*starts[1:], len(text)], strict=False):
        told = one.word if start is None or after is None else text[start:after].strip()
        yield HeardWord(read_word("openai_speech", told, one.start, one.end, None))


def _find_words(words: Sequence[str], text: str) -> Iterator[int | None]:
    """Where each word begins in the text, with the marks before it; None where it is not there."""
    end = 0
    for word in words:
        at = text.find(word.strip(), end)
        if at < 0:
            yield None
            continue
        # Marks up to the last space belong to this word: an opening quote, say.
        gap = text[end:at]
        yield end + gap.rfind(" ") + 1 if " " in gap else (at if end else 0)
        end = at + len(word.strip())


class OpenAISynthesizer(OpenAIService, VendorSynthesizer):
    """Nine voices, each of which speaks every language."""

    most_characters = 4096
    max_rate = FASTEST

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The same voices for each language."""
        require_language(self.name, language, LANGUAGES.split())
        return [Voice(name, pitch) for name, pitch in VOICES.items()]

    def speak(self, part: Utterance) -> SentSpeech:
        """Its answer does not tell what it counts."""
        answer = self.client.audio.speech.create(
            model=TTS,
            voice=part.voice,
            input=part.text,
            response_format="pcm",
            speed=min(FASTEST, part.rate),
        )
        return SentSpeech(answer.content, answer.response.headers.get("content-type", ""))
