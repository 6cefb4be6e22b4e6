"""The parameters of a job as its run pins them: what was asked for, and which providers do it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel, to_snake

from backend.documents import languages
from backend.documents.glossary import GlossaryEntry, list_key_terms, normalize_glossary
from backend.errors import Invalid
from backend.media.tracks import TrackWish
from backend.pipeline.providers import Providers


class JobKind(StrEnum):
    """What a job makes."""

    DUB = "dub"  # all four stages, a chain for each language
    TRANSCRIBE = "transcribe"  # the first stage only


class SpeakerMode(StrEnum):
    """How many people speak."""

    MONO = "mono"
    DIALOGUE = "dialogue"  # speakers are told apart where the provider can


class Bed(StrEnum):
    """What sounds under the dubbed speech."""

    AUTO = "auto"  # the background track if one was given, otherwise the source
    BACKGROUND = "background"
    SOURCE = "source"  # the source's own audio, lowered under the speech
    INSTRUMENTAL = "instrumental"  # the source with what stands in the middle, voices, taken out
    NONE = "none"


# For groups of parameters whose names are of several words: camelCase in requests.
CAMEL = ConfigDict(
    frozen=True,
    extra="forbid",
    alias_generator=to_camel,
    validate_by_name=True,
    validate_by_alias=True,
)


class TimingPolicy(StrEnum):
    """What becomes of a line that cannot be heard in its place at 1.5 times its natural rate."""

    FIT = "fit"  # it is spoken as fast as it takes, and reported as rushed
    EXTEND = "extend"  # the picture is held until it is said, from 1.2 times on
    REPORT = "report"  # it is left out of the mix, and reported


class Timing(BaseModel):
    """How lines are fitted; `max_shift` is how many seconds early or late one may start."""

    model_config = CAMEL

    policy: TimingPolicy = TimingPolicy.FIT
    max_shift: float = Field(2.0, ge=0, le=10)


class Loudness(StrEnum):
    """How loud the dub is as a whole."""

    SOURCE = "source"  # as the source is, unless that is very loud or very soft
    WEB = "web"  # -16 LUFS, as podcasts and web video mostly are (AES TD1008)
    EBU = "ebu"  # -23 LUFS, broadcasting in Europe (EBU R128)
    STREAMING = "streaming"  # -27 LKFS, as Netflix has its programmes delivered


class Ducking(BaseModel):
    """How far the bed steps back under speech, in dB, and how fast it goes and comes, in ms.

    Without a depth it goes by the bed: the original voice has to step well back, music less.
    """

    model_config = CAMEL

    depth_db: float | None = Field(None, ge=0, le=40)
    attack_ms: int = Field(200, ge=10, le=1000)
    release_ms: int = Field(400, ge=10, le=3000)


class Captions(BaseModel):
    """What captions there are besides files in the dub's language."""

    model_config = CAMEL

    bilingual: bool = False  # also with the source's text above the translation
    burn_in: bool = False  # also a video with them drawn into its picture


class JobParams(BaseModel):
    """Everything that decides what a run makes, besides the uploaded files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: JobKind
    source_language: str
    source_track: int | None = Field(None, ge=1)  # of several, from 1; by default by language
    target_languages: tuple[str, ...] = ()
    mode: SpeakerMode = SpeakerMode.MONO
    bed: Bed = Bed.AUTO
    ducking: Ducking = Ducking()
    loudness: Loudness = Loudness.SOURCE
    flac: bool = False
    stems: bool = False  # the dub and the bed by themselves
    segment_audio: bool = False  # each line's speech as a file
    transcribe_dub: bool = False  # for the report, to count the words that come across wrong
    hls: bool = True  # also streams; without them the first player orders them (docs/adr/0014)
    hls_h264: bool = False  # their picture as H.264, which every player takes, whatever it is
    captions: Captions = Captions()
    voices: Mapping[str, str] = Field(default_factory=dict)  # by speaker; others are chosen
    timing: Timing = Timing()
    glossary: tuple[GlossaryEntry, ...] = ()
    max_cost: float | None = Field(None, ge=0)  # US dollars, of all runs of the job
    providers: Providers = Providers()

    @property
    def key_terms(self) -> tuple[str, ...]:
        """What a transcriber is told to listen for."""
        return list_key_terms(self.glossary, self.source_language)

    @property
    def terms(self) -> list[GlossaryEntry]:
        """The glossary as translators see it."""
        return [entry.model_copy(update={"pronunciation": None}) for entry in self.glossary]

    @property
    def pronunciations(self) -> list[GlossaryEntry]:
        """The glossary as voices see it."""
        return [entry for entry in self.glossary if entry.pronunciation]

    @property
    def track_wish(self) -> TrackWish:
        """The sound track that is to be heard."""
        known = self.source_language != languages.DETECT
        return TrackWish(self.source_language if known else "", self.source_track)

    @property
    def listener(self) -> tuple[str, ...] | None:
        """The providers that may transcribe the dub; None where nobody is to."""
        return self.providers.transcription if self.transcribe_dub else None


MOST_LANGUAGES = 50

# What a resume may change; anything else makes a new job.
OVERRIDABLE = {
    *("bed", "captions", "ducking", "flac", "glossary", "hls", "hls_h264", "loudness", "max_cost"),
    *("mode", "providers", "segment_audio", "stems", "timing", "transcribe_dub", "voices"),
}
# Groups of which an override may name a part.
GROUPS = ("captions", "ducking", "providers", "timing")


def normalize_params(params: JobParams) -> JobParams:
    """The parameters with language tags in standard form and a sound glossary; raises `Invalid`."""
    source = params.source_language
    if source != languages.DETECT:
        source = languages.normalize(source, "sourceLanguage")
    targets = normalize_languages(params.target_languages)
    if params.kind is JobKind.TRANSCRIBE and targets:
        raise Invalid(
            "targetLanguages", "a transcription has none; leave them out or ask for a dub"
        )
    if params.kind is JobKind.DUB and not targets:
        raise Invalid("targetLanguages", "a dub needs at least one, such as 'es'")
    if source in targets:
        raise Invalid("targetLanguages", f"'{source}' is the source language already; leave it out")
    known = {"source_language": source, "target_languages": targets}
    return params.model_copy(update={**known, "glossary": normalize_glossary(params.glossary)})


def normalize_languages(tags: Sequence[str]) -> tuple[str, ...]:
    """Target languages in standard form, each once; raises `Invalid`."""
    if len(tags) > MOST_LANGUAGES:
        raise Invalid("targetLanguages", f"a job has at most {MOST_LANGUAGES}; make another one")
    return tuple(dict.fromkeys(languages.normalize(tag, "targetLanguages") for tag in tags))


def apply_overrides(params: JobParams, overrides: Mapping[str, Any]) -> JobParams:
    """The parameters with some of them changed, by their names in JSON; what is not named stays.

    A provider that is not named stays, and so does a setting of the ducking. Raises `Invalid` for
    what cannot be changed, or not to this.
    """
    given = _convert_to_snake(overrides)
    for name in overrides:
        if to_snake(name) not in OVERRIDABLE:
            raise Invalid(f"overrides.{name}", "cannot be changed: that is a new job")
    values = {**params.model_dump(by_alias=True), **given}
    for name in GROUPS:
        if isinstance(values[name], Mapping):
            values[name] = {**getattr(params, name).model_dump(by_alias=True), **values[name]}
    try:
        return JobParams.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(to_camel(str(part)) for part in ("overrides", *problem["loc"]))
        raise Invalid(where, problem["msg"]) from None


def _convert_to_snake(values: Mapping[str, Any]) -> dict[str, Any]:
    return {to_snake(name): value for name, value in values.items()}
