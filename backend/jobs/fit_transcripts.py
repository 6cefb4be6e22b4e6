"""What users bring along in place of stages, made to fit their job: pure decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple
from uuid import UUID

from backend.documents import languages, subtitles
from backend.documents.transcripts import (
    Line,
    Segment,
    Timed,
    Transcript,
    Translation,
    merge_speakers,
    trim_to_end,
)
from backend.errors import Invalid
from backend.pipeline.params import JobKind, JobParams
from backend.pipeline.plan import Place
from backend.pipeline.stages import ALL_LANGUAGES, Stage

# Subtitles are often held a moment longer than the recording lasts.
OVERHANG = 1.0

AnyTranscript = Transcript | Translation


@dataclass(frozen=True)
class JobStart:
    """The stage that a job starts from, and the uploads that stand for what comes before.

    `translations` are by target language; with them a transcript is only needed for languages
    that are added later.
    """

    stage: Stage = Stage.ASR
    transcript_id: UUID | None = None
    translations: Mapping[str, UUID] = field(default_factory=dict)


class NamedUpload(NamedTuple):
    """An upload and the field of the request that names it."""

    upload_id: UUID
    field: str


def choose_uploads(params: JobParams, start: JobStart) -> dict[Place, NamedUpload]:
    """The upload for each stage that is given; raises `Invalid` for what does not go together."""
    if start.stage is not Stage.ASR and params.kind is JobKind.TRANSCRIBE:
        raise Invalid("startFrom", "a transcription starts at asr; leave it out")
    if start.stage is Stage.ASR and start.transcript_id:
        raise Invalid("transcriptId", "to use a transcript say startFrom: mt")
    if start.stage is Stage.MT and not start.transcript_id:
        raise Invalid("transcriptId", "to start from mt upload a transcript and name it here")
    if start.stage is not Stage.TTS and start.translations:
        raise Invalid("translations", "to use translations say startFrom: tts")
    found: dict[Place, NamedUpload] = {}
    if start.transcript_id:
        found[Stage.ASR, ALL_LANGUAGES] = NamedUpload(start.transcript_id, "transcriptId")
    if start.stage is Stage.TTS:
        by_language = _match_languages(params.target_languages, start.translations)
        found |= {
            (Stage.MT, tag): NamedUpload(one, "translations") for tag, one in by_language.items()
        }
    return found


def _match_languages(targets: Sequence[str], translations: Mapping[str, UUID]) -> dict[str, UUID]:
    found = {languages.normalize(tag, "translations"): one for tag, one in translations.items()}
    for tag in targets:
        if tag not in found:
            raise Invalid("translations", f"to start from tts '{tag}' needs its translation too")
    for tag in found:
        if tag not in targets:
            raise Invalid("translations", f"'{tag}' is not among the targetLanguages")
    return found


def fit_transcript(
    said: AnyTranscript, language: str, duration: float | None, name: str
) -> Transcript:
    """What `asr` would have made of a recording of so many seconds (None: as long as is spoken).

    Raises `Invalid` with `name` as the field for another language and for times past the end.
    """
    if isinstance(said, Translation):
        raise Invalid(name, "this is a translation: give the transcript, segments_src.json")
    language = _find_language(said.language, language, name)
    duration = duration or said.duration
    segments = _fit_times(said.segments, duration, name)
    speakers = merge_speakers(said.speakers, segments)
    return Transcript(language=language, duration=duration, speakers=speakers, segments=segments)


def fit_translation(
    said: AnyTranscript, source_language: str, language: str, duration: float | None, name: str
) -> Translation:
    """What `mt` would have made; raises as `fit_transcript` does.

    What subtitles were translated from is not known, so their lines have an empty `source`.
    """
    _check_language(said.language, language, name)
    own = said.source_language if isinstance(said, Translation) else subtitles.UNKNOWN
    source_language = _find_language(own, source_language, name)
    duration = duration or said.duration
    brought = (
        said.lines if isinstance(said, Translation) else tuple(map(_build_line, said.segments))
    )
    lines = _fit_times(brought, duration, name)
    return Translation(
        source_language=source_language,
        language=language,
        duration=duration,
        speakers=merge_speakers(said.speakers, lines),
        lines=lines,
    )


def _build_line(segment: Segment) -> Line:
    return Line(source="", **segment.model_dump(exclude={"words"}))


def _find_language(found: str, wanted: str, name: str) -> str:
    """The transcript's language; what is to be heard can be told only by a document of ours."""
    if wanted != languages.DETECT:
        _check_language(found, wanted, name)
        return wanted
    if found == subtitles.UNKNOWN:
        raise Invalid("sourceLanguage", "name the language of the transcript: it says none itself")
    return languages.normalize(found, name)


def _check_language(found: str, language: str, name: str) -> None:
    if found == subtitles.UNKNOWN:
        return
    found = languages.normalize(found, name)
    if languages.get_base_language(found) != languages.get_base_language(language):
        raise Invalid(
            name, f"this is in {languages.get_name(found)}, not {languages.get_name(language)}"
        )


def _fit_times(said: Sequence[Timed], end: float, name: str) -> tuple[Timed, ...]:
    """In order of time, numbered anew, and not longer than the recording."""
    for one in said:
        told = f"'{one.text[:40]}' ({one.start:.3f} to {one.end:.3f} s)"
        if not (0 <= one.start <= one.end and isfinite(one.end)):
            raise Invalid(name, f"{told} does not end after it begins")
        if one.start >= end or one.end > end + OVERHANG:
            raise Invalid(name, f"{told} is past the end of the recording, at {end:.3f} s")
    ordered = sorted(said, key=lambda one: (one.start, one.end))
    return tuple(
        one.model_copy(update={"id": n}) for n, one in enumerate(trim_to_end(ordered, end))
    )
