"""Speech to text by Whisper in CTranslate2 (faster-whisper, MIT), offline, in 99 languages."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import soundfile
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import _LANGUAGE_CODES
from faster_whisper.transcribe import Segment as WhisperSegment
from faster_whisper.transcribe import TranscriptionInfo
from faster_whisper.transcribe import Word as WhisperWord

from backend.documents import languages
from backend.documents.transcripts import Segment, Word
from backend.errors import Permanent
from backend.settings import Settings
from workers.interfaces.providers import (
    ProviderCall,
    Recording,
    Transcriber,
    TranscriptionResult,
)
from workers.models.catalogue import find_model
from workers.models.memory import LoadedModel
from workers.speakers import turns
from workers.speakers.sentences import cut_sentences

# The best first. Those that are not in the catalogue are found where their folder is put.
MODELS = tuple(f"whisper-{size}" for size in ("large-v3-turbo", "medium", "small", "base", "tiny"))
SURE_OF_LANGUAGE = 0.6  # below that a user should look
# Above this a text says the same again and again, which Whisper does when it hears nothing: the
# limit of its authors, as a ratio of compression (Radford et al. 2022, 4.5).
REPEATS = 2.4
# Below this mean log probability, and above this probability of no speech, its authors take a text
# for a guess.
UNSURE, NO_SPEECH = -1.0, 0.6


def build_transcriber(settings: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    for name in MODELS:
        folder = find_model(settings.models_folder, name)
        if folder:
            return FasterWhisper(folder, settings.device, threads=settings.threads_per_stage)
    raise Permanent("faster_whisper has no model: run dubline models install whisper-base")


class FasterWhisper:
    """Hears whole recordings; silence, noise and music are left out before it listens."""

    name = "faster_whisper"
    remote = False
    sample_rate = 16_000

    def __init__(self, folder: Path, device: str, *, threads: int) -> None:
        self._folder = folder
        options = {"device": device, "compute_type": "int8", "cpu_threads": threads}
        load = partial(WhisperModel, str(folder), local_files_only=True, **options)
        self._whisper = LoadedModel(load)

    @property
    def model(self) -> str:
        """The library's version, the model, and how it computes."""
        return f"faster-whisper-{version('faster-whisper')}-{self._folder.name}-int8"

    def check(self, language: str) -> None:
        """Raise `Permanent` for a language that Whisper does not know."""
        with self._whisper.use() as whisper:
            find_code(whisper, language)

    def list_languages(self) -> Sequence[str]:
        """Those of all its models, as none is loaded for that; there is one of English only."""
        codes = ["en"] if self._folder.name.endswith(".en") else _LANGUAGE_CODES
        return [languages.normalize(code) for code in codes]  # some of them are out of use

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Transcribe; raises `Permanent` for text, and for a language that it does not know."""
        if recording.text is not None:
            raise Permanent("Whisper needs sound to listen to: this is a text file")
        with self._whisper.use() as whisper:
            heard, info = listen(whisper, recording.path, find_code(whisper, language))
            words, warnings = _sort_out(_follow(heard, recording.duration, call))
        sentences = cut_sentences(list(join_words(words)))
        told = (
            turns.diarize(recording.path, sentences, call)
            if diarize
            else turns.assign_one_speaker(sentences)
        )
        detect = language == languages.DETECT
        unsure = warn_of_language(info) if detect and sentences else ()
        return TranscriptionResult(
            [_build_segment(number, turn) for number, turn in enumerate(told.turns)],
            language=languages.normalize(info.language) if detect else language,
            warnings=[*unsure, *warnings, *told.warnings],
        )


def find_code(whisper: WhisperModel, language: str) -> str | None:
    """What Whisper calls it, None where it is to find out; raises `Permanent` for no language."""
    if language == languages.DETECT:
        return None
    code = languages.match_code(language, whisper.supported_languages)
    if code is None:
        raise Permanent(f"Whisper does not know {languages.get_name(language)} ({language})")
    return code


def _follow(
    heard: Iterable[WhisperSegment], duration: float, call: ProviderCall
) -> Iterator[WhisperSegment]:
    """The same, while progress is told."""
    for one in heard:
        call.progress(min(1.0, one.end / duration))
        yield one


def _sort_out(heard: Iterable[WhisperSegment]) -> tuple[list[WhisperWord], list[str]]:
    """The words that somebody said, and a warning for each text that nobody did."""
    words: list[WhisperWord] = []
    warnings = []
    for one in heard:
        problem = find_problem(one)
        if problem:
            warnings.append(f"Left out at {one.start:.0f} s, {problem}: {one.text.strip()}")
        else:
            words += one.words or ()
    return words, warnings


def warn_of_language(info: TranscriptionInfo) -> list[str]:
    """A language that was heard is told where Whisper is not sure of it."""
    if info.language_probability >= SURE_OF_LANGUAGE:
        return []
    name, sure = languages.get_name(info.language), round(100 * info.language_probability)
    return [f"This sounds like {name} ({sure} % sure): if it is not, name the source language"]


def listen(
    whisper: WhisperModel, wav: Path, code: str | None
) -> tuple[Iterable[WhisperSegment], TranscriptionInfo]:
    """What it hears in a language (None: whichever it is), as it goes on hearing it.

    Without the filter for speech it hears words in silence and music; a temperature would have it
    try such places again and again; and what it heard before tempts it to repeat that.
    """
    sound, _ = soundfile.read(wav, dtype="float32")
    heard: tuple[Iterable[WhisperSegment], TranscriptionInfo] = whisper.transcribe(
        sound,
        language=code,
        beam_size=5,
        temperature=0.0,
        condition_on_previous_text=False,
        word_timestamps=True,
        vad_filter=True,
        vad_parameters={"min_silence_duration_ms": 500},
    )
    return heard


def find_problem(heard: WhisperSegment) -> str | None:
    """Why this is no text that somebody said, if it is none."""
    if heard.compression_ratio > REPEATS:
        return "the same words again and again"
    if heard.avg_logprob < UNSURE and heard.no_speech_prob > NO_SPEECH:
        return "probably no speech"
    return None


def join_words(heard: Iterable[WhisperWord]) -> Iterator[Word]:
    """Words as one writes them: what comes without a space belongs to the one before."""
    last: Word | None = None
    for one in heard:
        if last is not None and not one.word.startswith(" "):
            last = last.model_copy(update={"text": last.text + one.word, "end": float(one.end)})
            continue
        if last is not None:
            yield last
        text, sure = one.word.strip(), round(float(one.probability), 3)
        last = Word(text=text, start=float(one.start), end=float(one.end), confidence=sure)
    if last is not None:
        yield last


def _build_segment(number: int, turn: turns.SpeakerTurn) -> Segment:
    return Segment(
        id=number,
        start=turn.words[0].start,
        end=turn.words[-1].end,
        text=" ".join(word.text for word in turn.words),
        speaker=turn.speaker,
        words=tuple(turn.words),
    )
