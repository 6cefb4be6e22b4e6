"""Deepgram: transcription by Nova-3, speech by Aura-2 and Flux."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment

from backend.documents import languages
from backend.errors import Transient
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

STT = "nova-3"
# By https://developers.deepgram.com/changelog from 2025-08 to 2026-08, seen on 2026-11-28; of af,
# hy and ka another program's release of 2026-08-30 tells, which tried af and ka.
# Then the tags with a region that it tells apart.
LANGUAGES = (
    "af be bg bn bs ca cs da de el en es et fi fr gu hi hr hu hy id it ja ka kn ko lt lv mk mr ms "
    "ne nl no pa pl pt ro ru sk sl sr sv ta te th tl tr uk vi zh"
)
REGIONS = (
    "da-DK de-CH en-AU en-GB en-IN en-NZ en-US es-419 fr-CA ko-KR nl-BE pt-BR pt-PT sv-SE th-TH "
    "zh-CN zh-HK zh-TW"
)

# Of each language the names that Deepgram calls feminine and masculine, its featured voices first
# (https://developers.deepgram.com/docs/tts-models and /docs/flux-tts/voices). On 2026-11-28 all
# names were the SDK's; which are feminine was seen of Flux's only.
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


class DeepgramService(VendorService):
    """Its SDK."""

    name = "deepgram"

    @cached_property
    def client(self) -> DeepgramClient:
        """Which replays a body that it has read already when it tries again: so it does not."""
        base = self.settings.deepgram_url
        where = DeepgramClientEnvironment(base=base, production=base, agent=base, agent_rest=base)
        return DeepgramClient(
            api_key=self.key, environment=where, max_retries=0, timeout=SPEAKING_S
        )

    def describe(self, error: Exception) -> VendorFailure | None:
        """Its one error tells all."""
        if not isinstance(error, ApiError):
            return None
        return read_failure(error.status_code, error.body, error.headers, "dg-request-id")


class DeepgramTranscriber(DeepgramService, VendorTranscriber):
    """Tells utterances, in which it makes sentences of what is said."""

    languages = LANGUAGES.split()

    def listen(self, task: HearingTask) -> Any:
        """Send a file, which tells its length: in chunks transcripts came back cut."""
        options: Any = {
            "timeout": task.deadline,
            "additional_headers": {"content-type": "audio/wav"},
        }
        with task.recording.path.open("rb") as wav:
            return self.client.listen.v1.media.transcribe_file(
                request=wav, request_options=options, **_build_question(task)
            )

    def read_answer(self, answer: Any, task: HearingTask) -> HeardSpeech:
        """The words of its first and only channel."""
        results = getattr(answer, "results", None)
        seconds = getattr(getattr(answer, "metadata", None), "duration", None)
        if not results or not results.channels or not results.channels[0].alternatives:
            raise Transient("deepgram: the answer has no transcript")
        language = results.channels[0].detected_language if task.detect else task.language
        models = [_name_model(language), *(["diarization"] if task.diarize else [])]
        return HeardSpeech(list(_read_words(results)), seconds, language, models)


def _build_question(task: HearingTask) -> dict[str, Any]:
    question: dict[str, Any] = {"model": STT, "smart_format": True, "utterances": True}
    if task.detect:
        question["detect_language"] = True
    else:
        base = languages.get_base_language(task.language)
        question["language"] = task.language if task.language in REGIONS.split() else base
    if task.diarize:
        question["diarize_model"] = "latest"
    if task.recording.keyterms:
        question["keyterm"] = list(task.recording.keyterms)
    return question


def _name_model(language: str | None) -> str:
    """As the table of prices has it."""
    english = language and languages.get_base_language(language) == "en"
    return STT if english else f"{STT}-multilingual"


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
    word = read_word("deepgram", text, one.start, one.end, one.confidence)
    return HeardWord(word, None if speaker is None else f"{speaker:g}", turn)


class DeepgramSynthesizer(DeepgramService, VendorSynthesizer):
    """A voice is a model of its own; several lines at a time are far below the limits."""

    most_characters = 2000
    max_rate = FASTEST

    def list_voices(self, language: str) -> Sequence[Voice]:
        """Aura-2's voices, then those of Flux."""
        require_language(self.name, language, AURA)
        base = languages.get_base_language(language)
        return [*_list_family("aura-2", AURA, base), *_list_family("flux", FLUX, base)]

    def speak(self, part: Utterance) -> SentSpeech:
        """Each family has an address of its own."""
        family = "flux" if part.voice.startswith("flux-") else "aura-2"
        speaking = self.client.speak.v2 if family == "flux" else self.client.speak.v1
        question: dict[str, Any] = {
            "text": part.text,
            "model": part.voice,
            "encoding": "linear16",
            "container": "none",
            "sample_rate": self.sample_rate,
        }
        if part.rate != 1.0 and languages.get_base_language(part.language) in PACED:
            question["speed"] = choose_speed(part.rate)
        with speaking.audio.with_raw_response.generate(**question) as response:
            data, headers = b"".join(response.data), response.headers
        counted = headers.get("dg-char-count")
        characters = float(counted) if counted else None
        return SentSpeech(data, headers.get("content-type", ""), characters, family)


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
