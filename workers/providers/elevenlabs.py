"""ElevenLabs: transcription by Scribe v2, speech by Multilingual v2."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import exp
from typing import Any

from elevenlabs import VoiceSettings
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError

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
from workers.providers.vendor_words import HeardWord, read_word

STT = "scribe_v2"
# https://elevenlabs.io/docs/overview/capabilities/speech-to-text, which tells of "90+": as noted on
# 2026-11-25, and not seen again.
HEARD = (
    "af am ar as ast az be bg bn bs ca ceb cs cy da de el en es et fa ff fi fil fr ga gl gu ha he "
    "hi hr hu hy id ig is it ja jv ka kam kk km kn ko ku ky lb lg ln lo lt luo lv mi mk ml mn mr "
    "ms mt my ne nl no nso ny oc or pa pl ps pt ro ru sd sk sl sn so sr sv sw ta te tg th tr uk "
    "umb ur uz vi wo xh yue zh zu"
)

TTS = "eleven_multilingual_v2"
SLOWEST, FASTEST = 0.7, 1.2
# https://elevenlabs.io/docs/overview/models, seen on 2026-11-28.
SPOKEN = "ar bg cs da de el en es fi fil fr hi hr id it ja ko ms nl pl pt ro ru sk sv ta tr uk zh"
# The voices that every account has, by name. Their ids were compared with those that a public
# program lists on 2026-11-28; how high they are is from memory.
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
    "lily": ("pFZP5JQG7iQjIQuC4Bku", Pitch.HIGH),
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


class ElevenService(VendorService):
    """Its SDK, which tries again unless each call says not to."""

    name = "elevenlabs"

    @cached_property
    def client(self) -> ElevenLabs:
        """For all calls of this process."""
        url = self.settings.elevenlabs_url
        return ElevenLabs(api_key=self.key, base_url=url, timeout=SPEAKING_S)

    def describe(self, error: Exception) -> VendorFailure | None:
        """Its one error tells all."""
        if not isinstance(error, ApiError):
            return None
        return read_failure(error.status_code, error.body, error.headers, "request-id")


class ElevenTranscriber(ElevenService, VendorTranscriber):
    """Tells words, of which sentences are made here."""

    languages = HEARD.split()

    def listen(self, task: HearingTask) -> Any:
        """Send the recording as a file."""
        options: Any = {"timeout_in_seconds": round(task.deadline) or 1, "max_retries": 0}
        with task.recording.path.open("rb") as wav:
            return self.client.speech_to_text.convert(
                file=("speech.wav", wav, "audio/wav"),
                request_options=options,
                **_build_question(task),
            )

    def read_answer(self, answer: Any, task: HearingTask) -> HeardSpeech:
        """The words; where it does not tell how much it heard, that was all."""
        words = getattr(answer, "words", None)
        if words is None:
            raise Transient("elevenlabs: the answer has no transcript")
        seconds = getattr(answer, "audio_duration_secs", None) or task.recording.duration
        spoken = list(_read_words(words, diarize=task.diarize))
        return HeardSpeech(spoken, seconds, answer.language_code, [STT])


def _build_question(task: HearingTask) -> dict[str, Any]:
    question: dict[str, Any] = {
        "model_id": STT,
        "timestamps_granularity": "word",
        "tag_audio_events": False,
        "diarize": task.diarize,
    }
    if not task.detect:
        question["language_code"] = languages.get_base_language(task.language)
    if task.recording.keyterms:
        question["keyterms"] = list(task.recording.keyterms)
    return question


def _read_words(words: Sequence[Any], *, diarize: bool) -> Iterator[HeardWord]:
    """The words, without the spaces and the noises between them."""
    for one in words:
        if one.type == "word":
            sure = None if one.logprob is None else exp(min(0.0, one.logprob))
            word = read_word("elevenlabs", one.text, one.start, one.end, sure)
            yield HeardWord(word, one.speaker_id if diarize else None)


class ElevenSynthesizer(ElevenService, VendorSynthesizer):
    """Reads a line as part of what is said around it; even small plans allow two calls at once."""

    reads_context = True
    most_characters = 10_000
    concurrency = 2
    max_rate = FASTEST

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The same voices for each language; raises `Refused` too where they are not enabled."""
        if not self.settings.premium_voices:
            raise Refused("elevenlabs speaks only where PREMIUM_VOICES is true")
        require_language(self.name, language, SPOKEN.split())
        return [Voice(name, pitch) for name, (_, pitch) in VOICES.items()]

    def speak(self, part: Utterance) -> SentSpeech:
        """Without a language, which Multilingual v2 tells by the text."""
        voice, _ = VOICES[part.voice]
        question: dict[str, Any] = {
            "text": part.text,
            "model_id": TTS,
            "output_format": f"pcm_{self.sample_rate}",
            "request_options": {"max_retries": 0},
        }
        if part.rate != 1.0:
            speed = min(FASTEST, max(SLOWEST, part.rate))
            question["voice_settings"] = VoiceSettings(speed=speed)
        around = {"previous_text": part.before, "next_text": part.after}
        question |= {name: said for name, said in around.items() if said}
        with self.client.text_to_speech.with_raw_response.convert(voice, **question) as response:
            data, headers = b"".join(response.data), response.headers
        counted = headers.get("character-cost") or headers.get("x-character-count")
        characters = float(counted) if counted else None
        return SentSpeech(data, headers.get("content-type", ""), characters)
