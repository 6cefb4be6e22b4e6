"""AssemblyAI: transcription as a job that is asked for later, and speech."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from http import HTTPStatus
from typing import Any

import assemblyai as aai
from assemblyai.types import AssemblyAIError, TranscriptResponse

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Pending, Permanent, Transient
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
from workers.providers.vendor_errors import VendorFailure, read_failure, redact
from workers.providers.vendor_jobs import VendorJob, build_pending, find_job, forget_job, keep_job
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

NAME = "assemblyai"
STT = ("assemblyai-stt-3-7", "universal-2")  # the second for what the first does not know
# Those of universal-2 (https://assemblyai.com/docs/pre-recorded-audio/supported-languages).
LANGUAGES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he "
    "hi hr ht hu hy id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne "
    "nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk "
    "ur uz vi yi yo zh"
)
TRANSCRIPTION_S = 300.0  # to send the recording, besides half as long as it lasts
POLL_S = 30.0  # to be told how a job stands
# What a job fails by that is no fault of the recording's, and what says that nobody speaks.
PASSING = re.compile(r"server|internal|try again|retry|timed? ?out|unavailable", re.IGNORECASE)
SILENT = re.compile(r"no spoken audio", re.IGNORECASE)

TTS = "assemblyai-tts-1"
SPEAKING_S = 90.0
SAMPLE_RATE = 24_000
MOST_CHARACTERS = 5000
# Every voice speaks each of these; the language is not detected.
TONGUES = {
    "en": "english",
    "es": "spanish",
    "de": "german",
    "fr": "french",
    "it": "italian",
    "pt": "portuguese",
}
VOICES = {
    "aai-jane": Pitch.HIGH,
    "aai-michael": Pitch.LOW,
    "aai-alba": Pitch.HIGH,
    "aai-charles": Pitch.LOW,
    "aai-anna": Pitch.HIGH,
    "aai-george": Pitch.LOW,
    "aai-eve": Pitch.HIGH,
    "aai-paul": Pitch.LOW,
    "aai-mary": Pitch.HIGH,
    "aai-jean": Pitch.LOW,
    "aai-vera": Pitch.HIGH,
}


def build_transcriber(settings: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return AssemblyTranscriber(settings)


def build_synthesizer(settings: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return AssemblySynthesizer(settings)


class AssemblyService:
    """What both kinds of work have in common."""

    name = NAME
    remote = True

    def __init__(self, settings: Settings) -> None:
        self._key = read_key(settings, NAME)
        self._prices = load_prices(settings.prices_file)
        self._urls = (settings.assemblyai_url, settings.assemblyai_tts_url)

    def _build_client(self, timeout: float) -> aai.Client:
        base, speech = self._urls
        return aai.Client(
            settings=aai.Settings(
                api_key=self._key,
                base_url=base,
                tts_base_url=speech,
                http_timeout=timeout,
                tts_http_timeout=timeout,
                tts_synthesize_http_timeout=timeout,
            )
        )

    def _build_line(self, client: aai.Client) -> VendorLine:
        return VendorLine(NAME, lambda error: _describe(error, client), self._key)


def _describe(error: Exception, client: aai.Client) -> VendorFailure | None:
    """Its errors tell little: the rest is in the last answer."""
    answer = client.last_response
    if isinstance(error, AssemblyAIError) and answer is not None:
        return read_failure(
            error.status_code or answer.status_code,
            _read_body(answer),
            answer.headers,
            "x-request-id",
        )
    if isinstance(error, (ValueError, KeyError, TypeError)):  # what its models make of other JSON
        return VendorFailure(HTTPStatus.OK, message="the answer cannot be read")
    return None


def _read_body(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


class AssemblyTranscriber(AssemblyService):
    """Hands in a job; each attempt looks once how it stands, and the database looks again."""

    sample_rate = 16_000
    model = ", ".join(STT)

    def check(self, language: str) -> None:
        """Raise `Refused` for a language that neither model knows."""
        if language != "auto":
            require_language(NAME, language, LANGUAGES.split())

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Hand in a job, which raises `Pending`; raises `Permanent` for text."""
        self.check(language)
        require_sound(NAME, recording)
        deadline = TRANSCRIPTION_S + recording.duration / 2
        client = self._build_client(deadline)
        config = _build_config(recording, language, diarize)

        def submit() -> Any:
            # A file has a length, which is told before it is sent.
            with closing(client.http_client), recording.path.open("rb") as wav:
                return aai.Transcriber(client=client).submit(wav, config=config).id

        id_ = self._build_line(client).ask(
            "transcription", submit, deadline, check=lambda: call.progress(0.0)
        )
        if not id_:
            raise Transient("assemblyai: took in the recording, but named no job")
        job = VendorJob(id_, time.time(), recording.duration, diarize)
        keep_job(call, job)
        raise build_pending(NAME, job)

    def has_job(self, call: ProviderCall) -> bool:
        """Whether an earlier attempt has handed in a job that is to be fetched."""
        return find_job(call) is not None

    def fetch(self, language: str, *, call: ProviderCall) -> TranscriptionResult:
        """Look once; a job that failed, was lost or heard too little is forgotten."""
        job = find_job(call)
        if job is None:
            raise Transient("assemblyai: there is no job to look at")
        answer = self._look_up(job)
        try:
            return _read_answer(answer, job, language, self._prices)
        except Pending:
            raise
        except (Transient, Permanent):
            forget_job(call)
            raise

    def _look_up(self, job: VendorJob) -> TranscriptResponse:
        client = self._build_client(POLL_S)

        def look_up() -> TranscriptResponse:
            with closing(client.http_client):
                return aai.api.get_transcript(client.http_client, job.id)

        return self._build_line(client).ask("transcription", look_up, POLL_S)


def _build_config(recording: Recording, language: str, diarize: bool) -> aai.TranscriptionConfig:
    auto = language == "auto"
    base = None if auto else languages.get_base_language(language)
    return aai.TranscriptionConfig(
        speech_models=list(STT),
        speaker_labels=diarize or None,
        language_detection=auto or None,
        language_code={"jv": "jw"}.get(base, base) if base else None,
        keyterms_prompt=list(recording.keyterms) or None,
    )


def _read_answer(
    answer: TranscriptResponse, job: VendorJob, language: str, prices: PriceList
) -> TranscriptionResult:
    if answer.status in {aai.TranscriptStatus.queued, aai.TranscriptStatus.processing}:
        raise build_pending(NAME, job)
    if answer.status == aai.TranscriptStatus.error:
        return _read_failed_job(answer.error or "no reason told", job, language)
    seconds = check_length(NAME, answer.audio_duration, job.duration)
    told = str(getattr(answer.language_code, "value", answer.language_code) or "")
    known = read_language(NAME, told.replace("_", "-")) if language == "auto" else language
    if answer.words is None:
        raise Transient("assemblyai: the answer has no transcript")
    words = list(_read_words(answer, diarize=job.diarize))
    heard = HeardSpeech(NAME, words, job.duration, known)
    model = getattr(answer, "speech_model_used", None) or STT[0]
    usd = prices.compute_usd(NAME, str(model), {"seconds": seconds})
    return TranscriptionResult(build_segments(heard), known, Cost(seconds, "seconds", usd))


def _read_failed_job(reason: str, job: VendorJob, language: str) -> TranscriptionResult:
    """A job fails without an error of the SDK's, and costs nothing."""
    if SILENT.search(reason):
        return TranscriptionResult([], "en" if language == "auto" else language)
    kind = Transient if PASSING.search(reason) else Permanent
    raise kind(f"assemblyai: job {job.id} failed: {redact(reason)}")


def _read_words(answer: TranscriptResponse, *, diarize: bool) -> Iterator[HeardWord]:
    """The words of each speaker, or of all."""
    if diarize and answer.utterances:
        for turn, said in enumerate(answer.utterances):
            yield from (_read_word(one, said.speaker, turn) for one in said.words or ())
    else:
        yield from (_read_word(one, None, 0) for one in answer.words or ())


def _read_word(one: Any, speaker: str | None, turn: int) -> HeardWord:
    # Its times are milliseconds.
    word = read_word(NAME, one.text, one.start / 1000, one.end / 1000, one.confidence)
    return HeardWord(word, speaker, turn)


class AssemblySynthesizer(AssemblyService):
    """Eleven voices of six languages, at their natural rate only."""

    concurrency = 4
    max_rate = 1.0
    model = TTS

    @cached_property
    def _client(self) -> aai.Client:
        """Made at the first call: after the worker has forked."""
        return self._build_client(SPEAKING_S)

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The same voices for each language; raises `Refused` for any other."""
        require_language(NAME, language, TONGUES)
        return [Voice(name, pitch) for name, pitch in VOICES.items()]

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line; raises `Permanent` for a voice that is not offered."""
        require_voice(NAME, utterance.voice, VOICES)
        pieces = split_text(collapse_lines(utterance.text), MOST_CHARACTERS)
        return join_speech([self._speak(piece, utterance) for piece in pieces])

    def _speak(self, text: str, utterance: Utterance) -> SpeechResult:
        config = aai.TTSConfig(
            voice_id=utterance.voice,
            model_id=TTS,
            language=TONGUES[languages.get_base_language(utterance.language)],
            sample_rate=SAMPLE_RATE,
            encoding="pcm_s16le",
            container="raw",
        )
        client = self._client
        answer = self._build_line(client).ask(
            "speech",
            lambda: aai.TextToSpeech(client=client).synthesize(text, config),
            SPEAKING_S,
            text=text,
        )
        sent = SentAudio(NAME, answer.audio, answer.content_type or "", SAMPLE_RATE)
        samples = decode_pcm(sent, text)
        characters = answer.billed_characters
        units = float(len(text) if characters is None else characters)
        usd = self._prices.compute_usd(NAME, TTS, {"characters": units})
        cost = Cost(units, "characters", usd)
        return SpeechResult(samples, SAMPLE_RATE, cost)
