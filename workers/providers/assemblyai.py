"""AssemblyAI: transcription as a job that is asked for later, and speech."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

import assemblyai as aai
from assemblyai.types import AssemblyAIError, TranscriptResponse

from backend.documents import languages
from backend.errors import Pending, Permanent, Transient
from backend.settings import Settings
from backend.settings.providers import WEBHOOK_HEADER
from workers.interfaces.providers import (
    Pitch,
    ProviderCall,
    Synthesizer,
    Transcriber,
    TranscriptionResult,
    Utterance,
    Voice,
)
from workers.providers.vendor_audio import SentSpeech
from workers.providers.vendor_errors import VendorFailure, read_failure, redact
from workers.providers.vendor_jobs import VendorJob, build_pending, find_job, forget_job, keep_job
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

STT = ("assemblyai-stt-3-7", "universal-2")  # the second for what the first does not know
# Those of universal-2, seen on 2026-11-28; which of them assemblyai-stt-3-7 knows is not told:
# https://assemblyai.com/docs/pre-recorded-audio/set-language-manually
LANGUAGES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he "
    "hi hr ht hu hy id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne "
    "nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk "
    "ur uz vi yi yo zh"
)
POLL_S = 30.0  # to be told how a job stands
# What a job fails by that is no fault of the recording's, and what says that nobody speaks.
PASSING = re.compile(r"server|internal|try again|retry|timed? ?out|unavailable", re.IGNORECASE)
SILENT = re.compile(r"no spoken audio", re.IGNORECASE)

TTS = "assemblyai-tts-1"
# Every voice speaks each of these; the language is not detected. By two services that resell them
# (developers.telnyx.com and docs.jambonz.org, seen on 2026-11-28); there may be newer ones. Which
# are high is guessed by their names.
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

Answer = TypeVar("Answer")


def build_transcriber(settings: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return AssemblyTranscriber(settings)


def build_synthesizer(settings: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return AssemblySynthesizer(settings)


class UnsuccessfulAnswer(Exception):
    """An answer that its SDK made an error of which tells less."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


class AssemblyService(VendorService):
    """Its SDK."""

    name = "assemblyai"

    def call(self, work: Callable[[aai.Client], Answer], timeout: float) -> Answer:
        """What a client gives that is for this call alone: its last answer is then this call's."""
        options = aai.Settings(
            api_key=self.key,
            base_url=self.settings.assemblyai_url,
            tts_base_url=self.settings.assemblyai_tts_url,
            http_timeout=timeout,
            tts_http_timeout=timeout,
            tts_synthesize_http_timeout=timeout,
        )
        client = aai.Client(settings=options)
        with closing(client.http_client):
            try:
                return work(client)
            except AssemblyAIError as error:
                if client.last_response is None:
                    raise
                raise UnsuccessfulAnswer(client.last_response) from error

    def describe(self, error: Exception) -> VendorFailure | None:
        """Its errors tell little: the rest is in the answer."""
        if isinstance(error, UnsuccessfulAnswer):
            status, headers = error.answer.status_code, error.answer.headers
            return read_failure(status, _read_body(error.answer), headers, "x-request-id")
        # What its models make of other JSON.
        if isinstance(error, (AssemblyAIError, ValueError, KeyError, TypeError)):
            return VendorFailure(HTTPStatus.OK, message="the answer cannot be read")
        return None


def _read_body(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


class AssemblyTranscriber(AssemblyService, VendorTranscriber):
    """Hands in a job; each attempt looks once how it stands, and the database looks again."""

    languages = LANGUAGES.split()

    @property
    def _webhook_secret(self) -> str:
        return self.settings.assemblyai_webhook_secret.get_secret_value()

    def _wait_for(self, job: VendorJob) -> Pending:
        return build_pending(self.name, job, called=bool(self._webhook_secret))

    def listen(self, task: HearingTask) -> Any:
        """Send a file, which tells its length; returns the job's id."""
        config = _build_config(task)
        if self._webhook_secret:
            url = f"{self.settings.api_url}/v1/webhooks/assemblyai"
            config.set_webhook(url, WEBHOOK_HEADER, self._webhook_secret)

        def submit(client: aai.Client) -> Any:
            with task.recording.path.open("rb") as wav:
                return aai.Transcriber(client=client).submit(wav, config=config).id

        return self.call(submit, task.deadline)

    def read_answer(self, answer: Any, task: HearingTask) -> NoReturn:
        """Keep the job before it is looked at; raises `Pending`."""
        if not answer:
            raise Transient("assemblyai: took in the recording, but named no job")
        job = VendorJob(answer, time.time(), task.recording.duration, task.diarize)
        keep_job(task.call, job)
        raise self._wait_for(job)

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
            return self._read_job(answer, job, language)
        except Pending:
            raise
        except (Transient, Permanent):
            forget_job(call)
            raise

    def _look_up(self, job: VendorJob) -> TranscriptResponse:
        def look_up(client: aai.Client) -> TranscriptResponse:
            return aai.api.get_transcript(client.http_client, job.id)

        return self.ask("transcription", lambda: self.call(look_up, POLL_S), POLL_S)

    def _read_job(
        self, answer: TranscriptResponse, job: VendorJob, language: str
    ) -> TranscriptionResult:
        if answer.status in {aai.TranscriptStatus.queued, aai.TranscriptStatus.processing}:
            raise self._wait_for(job)
        if answer.status != aai.TranscriptStatus.error:
            return self.build_result(read_transcript(answer, job), language, job.duration)
        reason = answer.error or "no reason told"
        if SILENT.search(reason):
            return TranscriptionResult([], "en" if language == languages.DETECT else language)
        # A job fails without an error of the SDK's, and costs nothing.
        kind = Transient if PASSING.search(reason) else Permanent
        raise kind(f"assemblyai: job {job.id} failed: {redact(reason)}")


def _build_config(task: HearingTask) -> aai.TranscriptionConfig:
    base = None if task.detect else languages.get_base_language(task.language)
    return aai.TranscriptionConfig(
        speech_models=list(STT),
        speaker_labels=task.diarize or None,
        language_detection=task.detect or None,
        language_code={"jv": "jw"}.get(base, base) if base else None,
        keyterms_prompt=list(task.recording.keyterms) or None,
    )


def read_transcript(answer: TranscriptResponse, job: VendorJob) -> HeardSpeech:
    """What a finished job heard."""
    if answer.words is None:
        raise Transient("assemblyai: the answer has no transcript")
    language = str(getattr(answer.language_code, "value", answer.language_code) or "")
    model = getattr(answer, "speech_model_used", None) or STT[0]
    words = list(_read_words(answer, diarize=job.diarize))
    return HeardSpeech(words, answer.audio_duration, language.replace("_", "-"), [str(model)])


def _read_words(answer: TranscriptResponse, *, diarize: bool) -> Iterator[HeardWord]:
    """The words of each speaker, or of all."""
    if diarize and answer.utterances:
        for turn, said in enumerate(answer.utterances):
            yield from (_read_word(one, said.speaker, turn) for one in said.words or ())
    else:
        yield from (_read_word(one, None, 0) for one in answer.words or ())


def _read_word(one: Any, speaker: str | None, turn: int) -> HeardWord:
    # Its times are milliseconds.
    word = read_word("assemblyai", one.text, one.start / 1000, one.end / 1000, one.confidence)
    return HeardWord(word, speaker, turn)


class AssemblySynthesizer(AssemblyService, VendorSynthesizer):
    """Eleven voices of six languages, at their natural rate only."""

    most_characters = 5000
    max_rate = 1.0

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The same voices for each language."""
        require_language(self.name, language, TONGUES)
        return [Voice(name, pitch) for name, pitch in VOICES.items()]

    def speak(self, part: Utterance) -> SentSpeech:
        """In the language that is told: it would not detect any."""
        config = aai.TTSConfig(
            voice_id=part.voice,
            model_id=TTS,
            language=TONGUES[languages.get_base_language(part.language)],
            sample_rate=self.sample_rate,
            encoding="pcm_s16le",
            container="raw",
        )
        answer = self.call(
            lambda client: aai.TextToSpeech(client=client).synthesize(part.text, config),
            SPEAKING_S,
        )
        return SentSpeech(answer.audio, answer.content_type or "", answer.billed_characters)
