"""ElevenLabs: transcription by Scribe v2, speech by Multilingual v2."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import exp
from typing import Any

from elevenlabs import VoiceSettings
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError

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
    HeardSpeech,
    HeardWord,
    build_segments,
    check_length,
    read_language,
    read_word,
)
from workers.providers.vendors import read_key

NAME = "elevenlabs"
STT = "scribe_v2"
TRANSCRIPTION_S = 300.0  # besides as long as the recording is
# https://elevenlabs.io/docs/overview/capabilities/speech-to-text
HEARD = (
    "af am ar as ast az be bg bn bs ca ceb cs cy da de el en es et fa ff fi fil fr ga gl gu ha he "
    "hi hr hu hy id ig is it ja jv ka kam kk km kn ko ku ky lb lg ln lo lt luo lv mi mk ml mn mr "
    "ms mt my ne nl no nso ny oc or pa pl ps pt ro ru sd sk sl sn so sr sv sw ta te tg th tr uk "
    "umb ur uz vi wo xh yue zh zu"
)

TTS = "eleven_multilingual_v2"
SPEAKING_S = 90.0
SAMPLE_RATE = 24_000
MOST_CHARACTERS = 10_000
SLOWEST, FASTEST = 0.7, 1.2
# https://elevenlabs.io/docs/overview/models
SPOKEN = "ar bg cs da de el en es fi fil fr hi hr id it ja ko ms nl pl pt ro ru sk sv ta tr uk zh"
# The voices that every account has, by name.
VOICES = {
    "sarah": ("EXAVITQu4vr4xnSDxMaL", Pitch.HIGH),
    "george": ("JBFqnCBsd6RMkjVDRZzb", Pitch.LOW),
    "laura": ("FGY2WhTYpPnrIDTdsKH5", Pitch.HIGH),
    "charlie": ("IKne3meq5aSn9XLyUdCD", Pitch.LOW),
    "river": ("SAz9YHcvj6GT2YYXdXww", Pitch.MIDDLE),
    "alice": ("Xb7hH8MSUJpSbSDYk0k2", Pitch.HIGH),
    "brian": ("nPczCjzI2devNBz1zQrb", Pitch.LOW),
    "matilda": ("XrExE9yKIg1WjnnlVkGX", Pitch.HIGH),
    "daniel": ("onwK4e9ZLuTAKqWW03F9", Pitch.LOW),
    "jessica": ("cgSgspJ2msm6clMCkdW9", Pitch.HIGH),
    "liam": ("TX3LPaxmHKxFdv7VOQHJ", Pitch.LOW),
    "lily": ("pFZP5JQG7iQjIIuC4Bku", Pitch.HIGH),
    "callum": ("N2lVS1w4EtoT3dr4eOWO", Pitch.LOW),
    "will": ("bIHbv24MWmeRgasZH58o", Pitch.LOW),
    "eric": ("cjVigY5qzO86Huf0OWal", Pitch.LOW),
    "chris": ("iP95p4xoKVk53GoZ742B", Pitch.LOW),
    "bill": ("pqHfZKP75CvOlQylNhV4", Pitch.LOW),
}


def build_transcriber(settings: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return ElevenTranscriber(settings)


def build_synthesizer(settings: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return ElevenSynthesizer(settings)


class ElevenService:
    """What both kinds of work have in common."""

    name = NAME
    remote = True

    def __init__(self, settings: Settings) -> None:
        self._key = read_key(settings, NAME)
        self._prices = load_prices(settings.prices_file)
        self._url = settings.elevenlabs_url
        self._premium = settings.premium_voices
        self._line = VendorLine(NAME, _describe, self._key)

    @cached_property
    def _client(self) -> ElevenLabs:
        """Made at the first call: after the worker has forked."""
        return ElevenLabs(api_key=self._key, base_url=self._url, timeout=SPEAKING_S)


def _describe(error: Exception) -> VendorFailure | None:
    if not isinstance(error, ApiError):
        return None
    return read_failure(error.status_code, error.body, error.headers, "request-id")


class ElevenTranscriber(ElevenService):
    """Hears a whole recording in one call."""

    sample_rate = 16_000
    model = STT

    def check(self, language: str) -> None:
        """Raise `Refused` for a language that Scribe does not know."""
        if language != "auto":
            require_language(NAME, language, HEARD.split())

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Transcribe; raises `Permanent` for text."""
        self.check(language)
        require_sound(NAME, recording)
        answer = self._listen(recording, _build_question(recording, language, diarize), call)
        words = getattr(answer, "words", None)
        if words is None:
            raise Transient("elevenlabs: the answer has no transcript")
        told = getattr(answer, "audio_duration_secs", None) or recording.duration
        seconds = check_length(NAME, told, recording.duration)
        known = read_language(NAME, answer.language_code) if language == "auto" else language
        spoken = list(_read_words(words, diarize=diarize))
        heard = HeardSpeech(NAME, spoken, recording.duration, known)
        usd = self._prices.compute_usd(NAME, STT, {"seconds": seconds})
        cost = Cost(seconds, "seconds", usd)
        return TranscriptionResult(build_segments(heard), known, cost)

    def _listen(self, recording: Recording, question: Mapping[str, Any], call: ProviderCall) -> Any:
        deadline = TRANSCRIPTION_S + recording.duration
        options: Any = {"timeout_in_seconds": round(deadline) or 1, "max_retries": 0}

        def ask() -> Any:
            with recording.path.open("rb") as wav:
                file = ("speech.wav", wav, "audio/wav")
                return self._client.speech_to_text.convert(
                    file=file, request_options=options, **question
                )

        return self._line.ask("transcription", ask, deadline, check=lambda: call.progress(0.0))


def _build_question(recording: Recording, language: str, diarize: bool) -> dict[str, Any]:
    question: dict[str, Any] = {
        "model_id": STT,
        "timestamps_granularity": "word",
        "tag_audio_events": False,
        "diarize": diarize,
    }
    if language != "auto":
        question["language_code"] = languages.get_base_language(language)
    if recording.keyterms:
        question["keyterms"] = list(recording.keyterms)
    return question


def _read_words(words: Sequence[Any], *, diarize: bool) -> Iterator[HeardWord]:
    """The words, without the spaces and the noises between them."""
    for one in words:
        if one.type == "word":
            sure = None if one.logprob is None else exp(min(0.0, one.logprob))
            word = read_word(NAME, one.text, one.start, one.end, sure)
            yield HeardWord(word, one.speaker_id if diarize else None)


class ElevenSynthesizer(ElevenService):
    """Reads a line as part of what is said around it; even small plans allow two calls at once."""

    reads_context = True
    concurrency = 2
    max_rate = FASTEST
    model = TTS

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The same voices for each language; raises `Refused` for any other, or if not enabled."""
        if not self._premium:
            raise Refused("elevenlabs speaks only where PREMIUM_VOICES is true")
        require_language(NAME, language, SPOKEN.split())
        return [Voice(name, pitch) for name, (_, pitch) in VOICES.items()]

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line; raises `Permanent` for a voice that is not offered."""
        offered = [voice.name for voice in self.list_voices(utterance.language)]
        require_voice(NAME, utterance.voice, offered)
        pieces = split_text(collapse_lines(utterance.text), MOST_CHARACTERS)
        around = [utterance.before, *pieces, utterance.after]
        return join_speech(
            [
                self._speak(piece, utterance, (before, after))
                for before, piece, after in zip(around, pieces, around[2:], strict=False)
            ]
        )

    def _speak(self, text: str, utterance: Utterance, around: tuple[str, str]) -> SpeechResult:
        question = _build_speech_question(text, utterance, around)
        voice, _ = VOICES[utterance.voice]

        def ask() -> tuple[bytes, Mapping[str, str]]:
            raw = self._client.text_to_speech.with_raw_response
            with raw.convert(voice, **question) as response:
                return b"".join(response.data), response.headers

        audio, headers = self._line.ask("speech", ask, SPEAKING_S, text=text)
        sent = SentAudio(NAME, audio, headers.get("content-type", ""), SAMPLE_RATE)
        samples = decode_pcm(sent, text, utterance.rate)
        characters = float(
            headers.get("character-cost") or headers.get("x-character-count") or len(text)
        )
        usd = self._prices.compute_usd(NAME, TTS, {"characters": characters})
        cost = Cost(characters, "characters", usd)
        return SpeechResult(samples, SAMPLE_RATE, cost)


def _build_speech_question(
    text: str, utterance: Utterance, around: tuple[str, str]
) -> dict[str, Any]:
    """Without a language, which Multilingual v2 tells by the text."""
    question: dict[str, Any] = {
        "text": text,
        "model_id": TTS,
        "output_format": f"pcm_{SAMPLE_RATE}",
        "request_options": {"max_retries": 0},
    }
    if utterance.rate != 1.0:
        speed = min(FASTEST, max(SLOWEST, utterance.rate))
        question["voice_settings"] = VoiceSettings(speed=speed)
    named = zip(("previous_text", "next_text"), around, strict=True)
    return question | {name: said for name, said in named if said}
