"""Deepgram: transcription by Nova-3, speech by Aura-2 and Flux."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Transient
from backend.pipeline.prices import PriceList, load_prices
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

NAME = "deepgram"
STT = "nova-3"
# https://developers.deepgram.com/docs/models-languages-overview and its changelog until 2026-03,
# and the tags with a region that it tells apart.
LANGUAGES = (
    "be bg bn bs ca cs da de el en es et fi fr hi hr hu id it ja kn ko lt lv mk mr ms nl no pl pt "
    "ro ru sk sl sr sv ta te th tl tr uk vi zh"
)
REGIONS = (
    "da-DK de-CH en-AU en-GB en-IN en-NZ en-US es-419 fr-CA ko-KR nl-BE pt-BR pt-PT sv-SE th-TH "
    "zh-CN zh-HK zh-TW"
)
TRANSCRIPTION_S = 300.0  # besides as long as the recording is

SAMPLE_RATE = 24_000
MOST_CHARACTERS = 2000
SPEAKING_S = 60.0
# Of each language the names that Deepgram calls feminine and masculine, its featured voices first
# (https://developers.deepgram.com/docs/tts-models and /docs/flux-tts/voices, 2026-11).
AURA = {
    "en": (
        (
            "thalia andromeda helena asteria athena aurora callista cora cordelia delia electra "
            "harmonia hera iris janus juno luna minerva ophelia pandora phoebe selene theia vesta "
            "amalthea"
        ),
        (
            "apollo arcas aries atlas draco hermes hyperion jupiter mars neptune odysseus orion "
            "orpheus pluto saturn zeus"
        ),
    ),
    "es": (
        "celeste estrella carina diana selena agustina antonia gloria olivia silvia",
        "nestor alvaro aquila javier luciano sirio valerio",
    ),
    "de": ("viktoria aurelia elara kara lara", "julius fabian"),
    "fr": ("agathe", "hector"),
    "it": ("livia cinzia demetra maia melia", "dionisio cesare elio flavio"),
    "ja": ("uzume ama izanami", "fujin ebisu"),
    "nl": ("rhea beatrix cornelia daphne hestia leda", "sander lars roman"),
}
FLUX = {"en": ("haley heather alexis priya", "cole jack bruce rufus")}
# Those whose rate can be set, in steps, and within which bounds.
PACED = frozenset(("en", "es"))
SLOWEST, FASTEST, STEP = 0.9, 1.5, 0.05


def build_transcriber(settings: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return DeepgramTranscriber(settings)


def build_synthesizer(settings: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return DeepgramSynthesizer(settings)


class DeepgramService:
    """What both kinds of work have in common."""

    name = NAME
    remote = True

    def __init__(self, settings: Settings) -> None:
        self._key = read_key(settings, NAME)
        self._prices = load_prices(settings.prices_file)
        self._url = settings.deepgram_url
        self._line = VendorLine(NAME, _describe, self._key)

    @cached_property
    def _client(self) -> DeepgramClient:
        """Made at the first call: after the worker has forked."""
        base = self._url
        where = DeepgramClientEnvironment(base=base, production=base, agent=base, agent_rest=base)
        return DeepgramClient(
            api_key=self._key, environment=where, max_retries=0, timeout=SPEAKING_S
        )


def _describe(error: Exception) -> VendorFailure | None:
    if not isinstance(error, ApiError):
        return None
    return read_failure(error.status_code, error.body, error.headers, "dg-request-id")


class DeepgramTranscriber(DeepgramService):
    """Hears a whole recording in one call."""

    sample_rate = 16_000
    model = STT

    def check(self, language: str) -> None:
        """Raise `Refused` for a language that Nova-3 does not know."""
        if language != "auto":
            require_language(NAME, language, LANGUAGES.split())

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Transcribe; raises `Permanent` for text."""
        self.check(language)
        require_sound(NAME, recording)
        answer = self._listen(recording, _build_question(recording, language, diarize), call)
        metadata = getattr(answer, "metadata", None)
        results = getattr(answer, "results", None)
        seconds = check_length(NAME, getattr(metadata, "duration", None), recording.duration)
        if not results or not results.channels or not results.channels[0].alternatives:
            raise Transient("deepgram: the answer has no transcript")
        [channel, *_] = results.channels
        known = read_language(NAME, channel.detected_language) if language == "auto" else language
        heard = HeardSpeech(NAME, list(_read_words(results)), recording.duration, known)
        cost = _compute_cost(self._prices, seconds, known, diarize)
        return TranscriptionResult(build_segments(heard), known, cost)

    def _listen(self, recording: Recording, question: Mapping[str, Any], call: ProviderCall) -> Any:
        def ask() -> Any:
            # A file has a length, which it must tell: in chunks transcripts came back cut.
            with recording.path.open("rb") as wav:
                return self._client.listen.v1.media.transcribe_file(request=wav, **question)

        deadline = TRANSCRIPTION_S + recording.duration
        question = {
            **question,
            "request_options": {
                "timeout": deadline,
                "additional_headers": {"content-type": "audio/wav"},
            },
        }
        return self._line.ask("transcription", ask, deadline, check=lambda: call.progress(0.0))


def _build_question(recording: Recording, language: str, diarize: bool) -> dict[str, Any]:
    question: dict[str, Any] = {"model": STT, "smart_format": True, "utterances": True}
    if language == "auto":
        question["detect_language"] = True
    else:
        base = languages.get_base_language(language)
        question["language"] = language if language in REGIONS.split() else base
    if diarize:
        question["diarize_model"] = "latest"
    if recording.keyterms:
        question["keyterm"] = list(recording.keyterms)
    return question


def _read_words(results: Any) -> Iterator[HeardWord]:
    """The words of the utterances, or of the channel where it is not cut into any."""
    if results.utterances:
        for turn, utterance in enumerate(results.utterances):
            for one in utterance.words or ():
                yield _read_word(one, utterance.speaker, turn)
    else:
        for one in results.channels[0].alternatives[0].words or ():
            yield _read_word(one, getattr(one, "speaker", None), 0)


def _read_word(one: Any, speaker: float | None, turn: int) -> HeardWord:
    text = getattr(one, "punctuated_word", None) or one.word
    word = read_word(NAME, text, one.start, one.end, one.confidence)
    return HeardWord(word, None if speaker is None else f"{speaker:g}", turn)


def _compute_cost(prices: PriceList, seconds: float, language: str, diarize: bool) -> Cost:
    model = STT if languages.get_base_language(language) == "en" else f"{STT}-multilingual"
    models = [model, "diarization"] if diarize else [model]
    usd = sum(prices.compute_usd(NAME, one, {"seconds": seconds}) for one in models)
    return Cost(seconds, "seconds", usd)


class DeepgramSynthesizer(DeepgramService):
    """A voice is a model of its own; several lines at a time are far below the limits."""

    concurrency = 4
    max_rate = FASTEST
    model = "aura-2, flux"

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The voices, Aura-2's first; raises `Refused` for a language that has none."""
        require_language(NAME, language, AURA)
        base = languages.get_base_language(language)
        return [*_list_family("aura-2", AURA, base), *_list_family("flux", FLUX, base)]

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line; raises `Permanent` for a voice that is not offered."""
        offered = [voice.name for voice in self.list_voices(utterance.language)]
        require_voice(NAME, utterance.voice, offered)
        pieces = split_text(collapse_lines(utterance.text), MOST_CHARACTERS)
        return join_speech([self._speak(piece, utterance) for piece in pieces])

    def _speak(self, text: str, utterance: Utterance) -> SpeechResult:
        def ask() -> tuple[bytes, Mapping[str, str]]:
            with self._generate(text, utterance) as response:
                return b"".join(response.data), response.headers

        audio, headers = self._line.ask("speech", ask, SPEAKING_S, text=text)
        sent = SentAudio(NAME, audio, headers.get("content-type", ""), SAMPLE_RATE)
        samples = decode_pcm(sent, text, utterance.rate)
        characters = float(headers.get("dg-char-count") or len(text))
        family = "flux" if utterance.voice.startswith("flux-") else "aura-2"
        usd = self._prices.compute_usd(NAME, family, {"characters": characters})
        return SpeechResult(samples, SAMPLE_RATE, Cost(characters, "characters", usd))

    def _generate(self, text: str, utterance: Utterance) -> AbstractContextManager[Any]:
        version = (
            self._client.speak.v2 if utterance.voice.startswith("flux-") else self._client.speak.v1
        )
        question: dict[str, Any] = {
            "text": text,
            "model": utterance.voice,
            "encoding": "linear16",
            "container": "none",
            "sample_rate": SAMPLE_RATE,
        }
        paced = languages.get_base_language(utterance.language) in PACED
        if utterance.rate != 1.0 and paced:
            question["speed"] = choose_speed(utterance.rate)
        response: AbstractContextManager[Any] = version.audio.with_raw_response.generate(**question)
        return response


def choose_speed(rate: float) -> float:
    """The nearest rate that can be asked for."""
    return round(min(FASTEST, max(SLOWEST, round(rate / STEP) * STEP)), 2)


def _list_family(
    family: str, names: Mapping[str, tuple[str, str]], language: str
) -> Iterator[Voice]:
    """High and low voices in turn, so that the first ones are of both kinds."""
    high, low = (side.split() for side in names.get(language, ("", "")))
    for number in range(max(len(high), len(low))):
        for side, pitch in ((high, Pitch.HIGH), (low, Pitch.LOW)):
            if number < len(side):
                yield Voice(f"{family}-{side[number]}-{language}", pitch)
