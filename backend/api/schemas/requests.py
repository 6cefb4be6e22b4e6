"""What is asked for: jobs, and further runs of them."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.api.schemas import words
from backend.api.schemas.base import (
    TEXT,
    CamelCaseSchema,
    RequestSchema,
    build_flag_field,
    build_id_field,
    build_language_field,
    build_names_field,
    build_text_field,
    build_word_field,
)
from backend.documents.glossary import LONGEST, MOST_ENTRIES
from backend.documents.languages import DETECT
from backend.documents.text import collapse_lines
from backend.jobs.labels import LONGEST_LABEL, LONGEST_NAME, MOST_LABELS
from backend.jobs.views import MOST_EVENTS
from backend.pipeline.params import MOST_LANGUAGES, Bed, JobKind, Loudness, SpeakerMode
from backend.pipeline.stages import RESUMABLE, Stage


class CaptionsRequestSchema(RequestSchema):
    """What captions there are besides files in the dub's language."""

    bilingual = build_flag_field("also with the source's text above the translation")
    burn_in = build_flag_field("also a video with them drawn into its picture")


class TimingRequestSchema(RequestSchema):
    """How lines are fitted into their time; by default `fit` and 2 s."""

    policy = build_word_field(
        words.TIMING_POLICIES, "What becomes of a line that does not fit its time."
    )
    max_shift = fields.Float(
        validate=validate.Range(0, 10),
        metadata={"description": "seconds that a line may start early or late"},
    )


class DuckingRequestSchema(RequestSchema):
    """How the bed steps back under speech; without `depthDb` by what kind of bed it is."""

    depth_db = fields.Float(validate=validate.Range(0, 40), metadata={"description": "how far, dB"})
    attack_ms = fields.Integer(
        validate=validate.Range(10, 1000), metadata={"description": "how fast it goes, ms"}
    )
    release_ms = fields.Integer(
        validate=validate.Range(10, 3000), metadata={"description": "how fast it comes back, ms"}
    )


class ProvidersRequestSchema(RequestSchema):
    """Who does it, of those that the server has enabled, in the order in which they are asked.

    By default all of them. `auto` is the best engine that the server has for the language, `local`
    the one that needs no model.
    """

    transcription = build_names_field("who transcribes; a list, or one text with commas")
    translation = build_names_field("who translates, likewise")
    tts = build_names_field("who speaks, likewise")


def _build_term_field(description: str, **options: Any) -> fields.String:
    return fields.String(
        validate=[validate.Length(1, LONGEST), _require_visible],
        metadata={"description": description, "pattern": TEXT},
        **options,
    )


def _require_visible(text: str) -> None:
    if not collapse_lines(text):
        raise ValidationError("needs a character that can be seen")


class GlossaryEntryRequestSchema(RequestSchema):
    """What a term becomes: its translation, or itself, and how that is written for the voice.

    For one target language and one source language, or for all of them.
    """

    term = _build_term_field("as it stands in the source", required=True)
    language = build_language_field("the target language; by default all of them", loose=True)
    translation = _build_term_field("what it becomes; by default it stays")
    pronunciation = _build_term_field("how that is written for the voice")
    source_language = build_language_field("by default any", loose=True)


def _build_name_field(**options: Any) -> fields.String:
    return build_text_field(LONGEST_NAME, "what you call it", shortest=1, **options)


def _build_labels_field(**options: Any) -> fields.List:
    return fields.List(
        build_text_field(LONGEST_LABEL, shortest=1),
        validate=validate.Length(0, MOST_LABELS),
        metadata={"description": "what to file it under", "example": ["course-7"]},
        **options,
    )


class JobRequestSchema(RequestSchema):
    """Asks for a dub or a transcription.

    `startFrom: mt` takes a transcript in place of recognition, `startFrom: tts` a translation for
    each target language: uploads of role `transcript` in SRT, WebVTT, ASS, SBV
    or Dubline's JSON.
    """

    name = _build_name_field(load_default=None)
    labels = _build_labels_field(load_default=list)
    kind = build_word_field(words.JOB_KINDS, "What to make.", load_default=str(JobKind.DUB))
    media_id = build_id_field("the recording, a complete file", required=True)
    background_id = build_id_field("a file of role `background`", load_default=None)
    source_language = build_language_field(
        "what is spoken; `auto`: as it is heard", loose=True, load_default=DETECT
    )
    source_track = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1),
        metadata={
            "description": "the sound track to hear, from 1; by default the one in `sourceLanguage`"
        },
    )
    target_languages = fields.List(
        build_language_field("a dub's", loose=True),
        load_default=list,
        metadata={
            "description": "at least one for a dub, none for a transcription",
            "example": ["es", "pt-BR"],
            "maxItems": MOST_LANGUAGES,
        },
    )
    mode = build_word_field(
        words.SPEAKER_MODES, "How many people speak.", load_default=str(SpeakerMode.MONO)
    )
    bed = build_word_field(
        words.BEDS, "What sounds under the dubbed speech.", load_default=str(Bed.AUTO)
    )
    ducking = fields.Nested(DuckingRequestSchema, load_default=dict)
    loudness = build_word_field(
        words.LOUDNESSES, "How loud the dub is as a whole.", load_default=str(Loudness.SOURCE)
    )
    flac = build_flag_field("also the sound without loss")
    stems = build_flag_field("also the dubbed speech and the bed by themselves")
    segment_audio = build_flag_field("also each line's speech as a file")
    transcribe_dub = build_flag_field("count the words that come across wrong, for the report")
    hls = build_flag_field("also streams; without them the first player orders them", default=True)
    hls_h264 = build_flag_field("the streams' picture as H.264, which every player takes")
    providers = fields.Nested(ProvidersRequestSchema, load_default=dict)
    start_from = build_word_field(
        {stage: words.STAGES[stage] for stage in (Stage.ASR, Stage.MT, Stage.TTS)},
        "The first stage that is not given.",
        load_default=str(Stage.ASR),
    )
    transcript_id = build_id_field(
        "a file of role `transcript`, for `startFrom: mt`", load_default=None
    )
    translations = fields.Dict(
        keys=fields.String(),
        values=fields.UUID(),
        load_default=dict,
        metadata={
            "description": "a file of role `transcript` by target language, for `startFrom: tts`",
            "maxProperties": MOST_LANGUAGES,
        },
    )
    voices = fields.Dict(
        keys=build_text_field(20, shortest=1),
        values=build_text_field(200, shortest=1),
        load_default=dict,
        metadata={"description": "a voice by speaker, as in `dubline voices`; others are chosen"},
    )
    captions = fields.Nested(CaptionsRequestSchema, load_default=dict)
    timing = fields.Nested(TimingRequestSchema, load_default=dict)
    glossary = fields.List(
        fields.Nested(GlossaryEntryRequestSchema),
        load_default=list,
        validate=validate.Length(0, MOST_ENTRIES),
    )
    max_cost = fields.Float(
        load_default=None,
        validate=validate.Range(0),
        metadata={"description": "US dollars that all runs of the job may cost (docs/costs.md)"},
    )


class EmptyRequestSchema(RequestSchema):
    """`{}`: what is asked for is told by the address."""


class JobChangeSchema(CamelCaseSchema):
    """What to change in what a job is called; what is not named stays."""

    name = _build_name_field(allow_none=True)
    labels = _build_labels_field()


class RetryRequestSchema(RequestSchema):
    """Asks for another run of a job."""

    resume_from = build_word_field(
        {
            "auto": "the first one whose inputs changed",
            **{stage: words.STAGES[stage] for stage in RESUMABLE},
        },
        "The first stage that is done again.",
        load_default="auto",
    )
    from_run_id = build_id_field("take over from this run, not from the latest", load_default=None)
    languages = fields.List(
        build_language_field("a dub's", loose=True),
        load_default=list,
        metadata={
            "description": "which target languages, also new ones; by default all of the job",
            "maxItems": MOST_LANGUAGES,
        },
    )
    overrides = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={
            "description": "parameters to change, by their names in JobRequest; a provider or a "
            "part of `captions`, `ducking`, `timing` that is not named stays",
            "maxProperties": 50,
            "example": {"loudness": "web"},
        },
    )
    accept_stale = build_flag_field("take over what was made of other inputs")
    dry_run = build_flag_field("tell the plan and its cost, and do nothing")


class TranslateRequestSchema(JobRequestSchema, RetryRequestSchema):
    """Asks for a new dub (`mediaId` ...) or for another run of one (`jobId`, `resumeFrom` ...)."""

    media_id = build_id_field("the recording of a new dub, a complete file", load_default=None)
    job_id = build_id_field("the job to run again", load_default=None)

    @validates_schema(pass_original=True)
    def _check_alternatives(self, _data: Any, original: dict[str, Any], **_: Any) -> None:
        original = {name: value for name, value in original.items() if value is not None}
        again = "jobId" in original
        asked = RetryRequestSchema() if again else JobRequestSchema()
        known = {"jobId", *(field.data_key for field in asked.fields.values())} - {"kind"}
        wrong = sorted(set(original) - known)
        if wrong:
            other = "with jobId: that is a new job" if again else "without jobId"
            raise ValidationError(f"cannot be given {other}", wrong[0])
        if not again and not original.get("mediaId"):
            raise ValidationError("needed for a new dub (or jobId for another run)", "mediaId")


class JobQuerySchema(CamelCaseSchema):
    """Pages through jobs, newest first; all that is named has to be so."""

    status = build_word_field(words.JOB_STATUSES, load_default=None)
    kind = build_word_field(words.JOB_KINDS, load_default=None)
    language = build_language_field("dubbed into this", loose=True, load_default=None)
    label = build_text_field(LONGEST_LABEL, "filed under this", load_default=None)
    created_from = fields.AwareDateTime(
        load_default=None, metadata={"description": "made then or later"}
    )
    created_to = fields.AwareDateTime(load_default=None, metadata={"description": "made earlier"})

    limit = fields.Integer(
        load_default=20,
        validate=validate.Range(1, 100),
        metadata={"description": "how many at most"},
    )
    before = fields.UUID(metadata={"description": "older than this job"}, load_default=None)


class AfterQuerySchema(CamelCaseSchema):
    """Where in a job's history to begin."""

    after = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0),
        metadata={"description": "behind the event with this `seq`", "format": "int64"},
    )


class EventQuerySchema(AfterQuerySchema):
    """Pages through a job's history: the next page is `after` the last `seq` of this one."""

    limit = fields.Integer(
        load_default=MOST_EVENTS,
        validate=validate.Range(1, MOST_EVENTS),
        metadata={"description": "how many at most", "format": "int32"},
    )


class MasterQuerySchema(CamelCaseSchema):
    """Which language to begin with; those with the same picture come with it."""

    language = build_language_field("by default the first", loose=True, load_default=None)


class DownloadQuerySchema(CamelCaseSchema):
    """Which artifact, by its name."""

    artifact = build_text_field(1100, "its name", required=True, metadata={"example": "es/dub.mp4"})
