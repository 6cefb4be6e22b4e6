"""OpenAI: transcription by whisper-1 and speech by tts-1, as long as these last."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import langcodes
import soundfile
from openai import APIConnectionError, APIStatusError, OpenAI, OpenAIError

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Refused, Transient
from backend.pipeline.prices import load_prices
from backend.settings import Settings
from workers.interfaces.providers import (
    Cost,
    Pitch,
    ProviderCall,
    Recording,
    SpeechResult,
    Synthesizer,
    Transcriber,
    TranscriptionResult,
    Utterance,
    Voice,
)
from workers.providers.vendor_audio import SentAudio, decode_pcm, join_speech, split_text
from workers.providers.vendor_calls import VendorLine
from workers.providers.vendor_errors import VendorFailure, read_failure
from workers.providers.vendor_limits import require_language, require_sound, require_voice
from workers.providers.vendor_words import (
    HeardWord,
    check_length,
    format_turns,
    read_word,
    straighten_words,
)
from workers.providers.vendors import read_key
from workers.speakers import turns
from workers.speakers.sentences import cut_sentences

NAME = "openai_speech"
# What both models know (https://developers.openai.com/api/docs/guides/speech-to-text).
LANGUAGES = (
    "af ar az be bg bs ca cs cy da de el en es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko "
    "lt lv mi mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh"
)

STT = "whisper-1"
TRANSCRIPTION_S = 300.0  # besides as long as the recording is
MOST_BYTES = 25 * 2**20
BLOCK = 1 << 16  # samples that are encoded at a time

TTS = "tts-1"
SPEAKING_S = 60.0
SAMPLE_RATE = 24_000
MOST_CHARACTERS = 4096
FASTEST = 1.5  # it would go up to 4, which nobody follows
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


class OpenAIService:
    """What both kinds of work have in common."""

    name = NAME
    remote = True

    def __init__(self, settings: Settings) -> None:
        self._key = read_key(settings, NAME)
        self._prices = load_prices(settings.prices_file)
        self._url = settings.openai_url
        self._line = VendorLine(NAME, _describe, self._key)

    @cached_property
    def _client(self) -> OpenAI:
        """Made at the first call: after the worker has forked."""
        return OpenAI(api_key=self._key, base_url=self._url, max_retries=0, timeout=SPEAKING_S)


def _describe(error: Exception) -> VendorFailure | None:
    if isinstance(error, APIStatusError):
        headers = error.response.headers
        return read_failure(error.status_code, error.body, headers, "x-request-id")
    if isinstance(error, APIConnectionError):
        return VendorFailure(message=type(error).__name__)
    if isinstance(error, (OpenAIError, ValueError)):  # what its models make of other JSON
        return VendorFailure(200, message="the answer cannot be read")
    return None


class OpenAITranscriber(OpenAIService):
    """Hears a whole recording in one call; speakers are told apart here."""

    sample_rate = 16_000
    model = STT

    def check(self, language: str) -> None:
        """Raise `Refused` for a language that Whisper does not know."""
        if language != "auto":
            require_language(NAME, language, LANGUAGES.split())

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Transcribe; raises `Permanent` for text."""
        self.check(language)
        require_sound(NAME, recording)
        answer = self._listen(recording, language, call)
        seconds = check_length(NAME, getattr(answer, "duration", None), recording.duration)
        if answer.words is None:
            raise Transient("openai_speech: the answer has no words")
        known = _read_language_name(answer.language) if language == "auto" else language
        heard = straighten_words(read_words(answer.words, answer.text), recording.duration)
        sentences = cut_sentences([one.word for one in heard])
        told = (
            turns.diarize(recording.path, sentences, call)
            if diarize
            else turns.assign_one_speaker(sentences)
        )
        usd = self._prices.compute_usd(NAME, STT, {"seconds": seconds})
        cost = Cost(seconds, "seconds", usd)
        return TranscriptionResult(format_turns(told.turns, known), known, cost, told.warnings)

    def _listen(self, recording: Recording, language: str, call: ProviderCall) -> Any:
        path = encode_opus(recording.path)
        if path.stat().st_size > MOST_BYTES:
            raise Refused(f"openai_speech takes {MOST_BYTES} bytes, and this recording has more")
        deadline = TRANSCRIPTION_S + recording.duration
        question: dict[str, Any] = {}
        if language != "auto":
            question["language"] = languages.get_base_language(language)
        if recording.keyterms:
            question["prompt"] = ", ".join(recording.keyterms)

        def ask() -> Any:
            with path.open("rb") as sound:
                return self._client.audio.transcriptions.create(
                    file=("speech.ogg", sound, "audio/ogg"),
                    model=STT,
                    response_format="verbose_json",
                    timestamp_granularities=["word"],
                    timeout=deadline,
                    **question,
                )

        return self._line.ask("transcription", ask, deadline, check=lambda: call.progress(0.0))


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
        yield HeardWord(read_word(NAME, told, one.start, one.end, None))


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


class OpenAISynthesizer(OpenAIService):
    """Nine voices, each of which speaks every language."""

    concurrency = 4
    max_rate = FASTEST
    model = TTS

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The same voices for each language; raises `Refused` for one that is not known."""
        require_language(NAME, language, LANGUAGES.split())
        return [Voice(name, pitch) for name, pitch in VOICES.items()]

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line; raises `Permanent` for a voice that is not offered."""
        require_voice(NAME, utterance.voice, VOICES)
        pieces = split_text(collapse_lines(utterance.text), MOST_CHARACTERS)
        return join_speech([self._speak(piece, utterance) for piece in pieces])

    def _speak(self, text: str, utterance: Utterance) -> SpeechResult:
        def ask() -> tuple[bytes, Mapping[str, str]]:
            answer = self._client.audio.speech.create(
                model=TTS,
                voice=utterance.voice,
                input=text,
                response_format="pcm",
                speed=min(FASTEST, utterance.rate),
            )
            return answer.content, answer.response.headers

        audio, headers = self._line.ask("speech", ask, SPEAKING_S, text=text)
        sent = SentAudio(NAME, audio, headers.get("content-type", ""), SAMPLE_RATE)
        samples = decode_pcm(sent, text, utterance.rate)
        usd = self._prices.compute_usd(NAME, TTS, {"characters": len(text)})
        cost = Cost(len(text), "characters", usd)
        return SpeechResult(samples, SAMPLE_RATE, cost)
