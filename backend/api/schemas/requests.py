"""What is asked for: jobs, and further runs of them."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.api.schemas.base import (
    CamelCaseSchema,
    build_choice_field,
    build_flag_field,
    build_name_field,
    build_names_field,
)
from backend.documents.glossary import LONGEST, MOST_ENTRIES
from backend.documents.languages import DETECT
from backend.documents.text import collapse_lines
from backend.pipeline.params import Bed, JobKind, Loudness, SpeakerMode, TimingPolicy
from backend.pipeline.stages import RESUMABLE, Stage


class CaptionsRequestSchema(CamelCaseSchema):
    """What captions there are besides files in the dub's language."""

    bilingual = build_flag_field()
    burn_in = build_flag_field()


class TimingRequestSchema(CamelCaseSchema):
    """How lines are fitted into their time; by default `fit` and 2 s."""

    policy = build_choice_field(TimingPolicy)
    max_shift = fields.Float(
        validate=validate.Range(0, 10),
        metadata={"description": "seconds that a line may start early or late"},
    )


class DuckingRequestSchema(CamelCaseSchema):
    """How the bed steps back under speech; without `depthDb` by what kind of bed it is."""

    depth_db = fields.Float(validate=validate.Range(0, 40))
    attack_ms = fields.Integer(validate=validate.Range(10, 1000))
    release_ms = fields.Integer(validate=validate.Range(10, 3000))


class ProvidersRequestSchema(CamelCaseSchema):
    """Who does it, of those that the server has enabled, in the order in which they are asked.

    By default all of them. `auto` is the best engine that the server has for the language, `local`
    the one that needs no model.
    """

    transcription = build_names_field()
    translation = build_names_field()
    tts = build_names_field()


def _build_term_field(**options: Any) -> fields.String:
    longest = validate.Length(1, LONGEST)
    return fields.String(validate=validate.And(longest, _require_visible), **options)


def _require_visible(text: str) -> None:
    if not collapse_lines(text):
        raise ValidationError("needs a character that can be seen")


class GlossaryEntryRequestSchema(CamelCaseSchema):
    """What a term becomes: its translation, or itself, and how that is written for the voice.

    For one target language and one source language, or for all of them.
    """

    term = _build_term_field(required=True)
    language = fields.String()
    translation = _build_term_field()
    pronunciation = _build_term_field()
    source_language = fields.String()


class JobRequestSchema(CamelCaseSchema):
    """Asks for a dub or a transcription.

    `startFrom: mt` takes a transcript in place of recognition, `startFrom: tts` a translation for
    each target language: uploads of role `transcript` in SRT, WebVTT, ASS, SBV
    or Dubline's JSON.
    """

    kind = build_choice_field(JobKind, load_default=str(JobKind.DUB))
    media_id = fields.UUID(required=True)
    background_id = fields.UUID(load_default=None)
    source_language = fields.String(
        load_default=DETECT, metadata={"description": "`auto`: as it is heard"}
    )
    source_track = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1),
        metadata={
            "description": "the sound track to hear, from 1; by default the one in `sourceLanguage`"
        },
    )
    target_languages = fields.List(fields.String(), load_default=list)
    mode = build_choice_field(SpeakerMode, load_default=str(SpeakerMode.MONO))
    bed = build_choice_field(Bed, load_default=str(Bed.AUTO))
    ducking = fields.Nested(DuckingRequestSchema, load_default=dict)
    loudness = build_choice_field(Loudness, load_default=str(Loudness.SOURCE))
    flac = build_flag_field()
    stems = build_flag_field()
    segment_audio = build_flag_field()
    transcribe_dub = build_flag_field()
    providers = fields.Nested(ProvidersRequestSchema, load_default=dict)
    start_from = build_choice_field((Stage.ASR, Stage.MT, Stage.TTS), load_default=str(Stage.ASR))
    transcript_id = fields.UUID(load_default=None)
    translations = fields.Dict(
        keys=fields.String(),
        values=fields.UUID(),
        load_default=dict,
        metadata={"description": "upload by target language, for `startFrom: tts`"},
    )
    voices = fields.Dict(
        keys=build_name_field(20),
        values=build_name_field(200),
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


class RetryRequestSchema(CamelCaseSchema):
    """Asks for another run of a job."""

    resume_from = build_choice_field(["auto", *RESUMABLE], load_default="auto")
    from_run_id = fields.UUID(load_default=None)
    languages = fields.List(fields.String(), load_default=list)
    overrides = fields.Dict(keys=fields.String(), load_default=dict)
    accept_stale = build_flag_field()
    dry_run = build_flag_field()


class TranslateRequestSchema(JobRequestSchema, RetryRequestSchema):
    """Asks for a new dub (`mediaId` ...) or for another run of one (`jobId`, `resumeFrom` ...)."""

    media_id = fields.UUID(load_default=None)
    job_id = fields.UUID(load_default=None)

    @validates_schema(pass_original=True)
    def _check_alternatives(self, _data: Any, original: dict[str, Any], **_: Any) -> None:
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
    """Pages through jobs, newest first."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    before = fields.UUID(load_default=None)


class MasterQuerySchema(CamelCaseSchema):
    """Which language to begin with; those with the same picture come with it."""

    language = fields.String(load_default=None)


class DownloadQuerySchema(CamelCaseSchema):
    """Which artifact, by its name."""

    artifact = fields.String(required=True)
