"""How jobs are told of."""

from marshmallow import fields

from backend.api.schemas import words
from backend.api.schemas.base import (
    SHA256,
    AnswerSchema,
    DetailsField,
    build_count_field,
    build_id_field,
    build_language_field,
    build_number_field,
    build_share_field,
    build_text_field,
    build_time_field,
    build_word_field,
)
from backend.api.schemas.files import LONGEST_FILENAME, FileSchema
from backend.api.schemas.parameters import JobParametersSchema
from backend.jobs.labels import LONGEST_LABEL, LONGEST_NAME

PLACE = "a stage, with its language where it has one: `asr`, `mt:es`"


def build_place_list(description: str) -> fields.List:
    """Stages with their languages."""
    place = build_text_field(50, PLACE, metadata={"example": "mt:es"})
    return fields.List(place, metadata={"description": description})


def build_usd_field(description: str, **options: bool) -> fields.Float:
    """An amount of money."""
    return build_number_field(f"{description}, US dollars", **options)


class PlannedStageSchema(AnswerSchema):
    """What a run does about one stage."""

    stage = build_word_field(words.STAGES)
    language = build_language_field("null for what serves all languages", allow_none=True)
    action = build_word_field(words.ACTIONS, "What becomes of it.")
    estimated_cost_usd = build_usd_field("what it will cost, null if not known", allow_none=True)


class PlanSchema(AnswerSchema):
    """The answer to a dry run.

    The cost is what the same stages have cost before, with the same provider: the most in their
    language, or the mean of the others for a new one; else what list prices come to for the length
    of the recording. It is null where neither is known.
    """

    estimated_cost_usd = build_usd_field("of all stages, null if not known", allow_none=True)
    plan = fields.List(fields.Nested(PlannedStageSchema))


class CostSchema(AnswerSchema):
    """What a stage cost, by which provider and model."""

    provider = build_text_field(40, "who did it; null until somebody has", allow_none=True)
    model = build_text_field(1000, "by which model or voice", allow_none=True)
    usd = build_usd_field("all attempts together")


class StageErrorSchema(AnswerSchema):
    """What an attempt at a stage ended with."""

    kind = build_word_field(words.ERROR_KINDS)
    message = build_text_field(100_000, "what went wrong, and what to do")


class StageViewSchema(AnswerSchema):
    """One stage's progress marker."""

    stage = build_word_field(words.STAGES)
    state = build_word_field(words.STAGE_STATES)
    origin = build_word_field(words.ORIGINS, "How it came or comes about.")
    attempt = build_count_field("the present or last attempt, from 1; 0 before the first")
    progress = build_share_field("of this stage's work")
    error = fields.Nested(
        StageErrorSchema, allow_none=True, metadata={"description": "of the last attempt"}
    )
    warnings = fields.List(
        build_text_field(100_000), metadata={"description": "what is not as it should be"}
    )
    cost = fields.Nested(CostSchema)
    retry_at = build_time_field("it is not tried again before", allow_none=True)
    started_at = build_time_field("when the last attempt began", allow_none=True)
    finished_at = build_time_field("when it ended", allow_none=True)


class ArtifactViewSchema(AnswerSchema):
    """A file that a stage made."""

    name = build_text_field(1100, "what to ask `download` for", metadata={"example": "es/dub.mp4"})
    kind = build_word_field(words.ARTIFACT_KINDS, "What it is.")
    stage = build_word_field(words.STAGES, "What made it.")
    language = build_language_field("null for what serves all languages", allow_none=True)
    url = fields.String(
        metadata={
            "description": "leads to its bytes",
            "format": "uri-reference",
            "maxLength": 4096,
            "example": "/v1/jobs/0193a5e2-7c1f-7d3a-9b52-4f6f0c8e2a11/download?artifact=es/dub.mp4",
        }
    )
    size = build_count_field("bytes")
    sha256 = fields.String(metadata={"description": "of its bytes", "pattern": SHA256})
    mime = build_text_field(200, metadata={"example": "video/mp4"})
    meta = DetailsField(metadata={"description": "what else there is to tell, by its kind"})


class ReportSumsSchema(AnswerSchema):
    """The report of a dub in a few figures; shares are 0..1 (docs/report.md)."""

    lines = build_count_field("lines of the dub")
    left_out = build_count_field("of these not spoken for want of time")
    overlap = build_share_field("length of lines, source by dub", allow_none=True)
    off_share = build_share_field("of lines that start early or late")
    above12_share = build_share_field("of lines faster than 1.2 times their natural rate")
    max_rate = build_number_field("of the fastest line, times the natural rate", allow_none=True)
    collisions = build_count_field("lines that begin before another has ended")
    cuts = build_count_field("lines that outlast the recording")
    duration_error_ms = build_number_field("by how much dub and recording differ, ms")
    loudness = build_number_field("LUFS; null for silence", allow_none=True)
    loudness_target = build_number_field("LUFS")
    true_peak = build_number_field("dBTP")
    caption_violations = build_count_field("captions against a rule of reading speed or length")
    wer = build_number_field("word error rate of the dub, where counted", allow_none=True)
    cer = build_number_field("character error rate, likewise", allow_none=True)
    cost_usd = build_usd_field("what this language cost")


class LanguageViewSchema(AnswerSchema):
    """Where a target language stands, in the latest run that has it.

    The job is `running` until `join` has ended too. `report` is about the dub that is served, null
    until there is one.
    """

    language = build_language_field("the dub's")
    status = build_word_field(words.LANGUAGE_STATUSES)
    progress = build_share_field("of this language's work")
    run = build_count_field("the number of that run")
    stage = build_word_field(words.STAGES, "The one that it is at, or that it ended with.")
    attempt = build_count_field("at that stage, from 1; 0 before the first")
    retry_at = build_time_field("that stage is not tried again before", allow_none=True)
    started_at = build_time_field("when the first of its stages began", allow_none=True)
    finished_at = build_time_field("when it ended", allow_none=True)
    warnings = fields.List(build_text_field(100_000), metadata={"description": "of all its stages"})
    stages = fields.List(fields.Nested(StageViewSchema))
    report = fields.Nested(ReportSumsSchema, allow_none=True)


class JobErrorSchema(StageErrorSchema):
    """What a job could not do, and in which stage."""

    stage = build_word_field(words.STAGES)
    language = build_language_field("null for what serves all languages", allow_none=True)


class JobSummarySchema(AnswerSchema):
    """A job in a list."""

    id = build_id_field()
    name = build_text_field(LONGEST_NAME, "what its user calls it", allow_none=True)
    labels = fields.List(
        build_text_field(LONGEST_LABEL), metadata={"description": "what its user files it under"}
    )
    kind = build_word_field(words.JOB_KINDS)
    filename = build_text_field(LONGEST_FILENAME, "of the recording, as its user calls it")
    status = build_word_field(words.JOB_STATUSES)
    source_language = build_language_field("as asked for; `auto`: as it is heard")
    target_languages = fields.List(build_language_field("a dub's"))
    mode = build_word_field(words.SPEAKER_MODES)
    run = build_count_field("the number of the latest run, from 1")
    duration = build_number_field("of the recording, seconds; null for text", allow_none=True)
    progress = build_share_field("of all its work")
    error = fields.Nested(
        JobErrorSchema, allow_none=True, metadata={"description": "the first that ended a stage"}
    )
    created_at = build_time_field()
    finished_at = build_time_field("when its latest run ended", allow_none=True)
    data_deleted_at = build_time_field(
        "when its files and texts were deleted; null while they are there", allow_none=True
    )


class JobViewSchema(JobSummarySchema):
    """A job with everything that can be told of it."""

    parameters = fields.Nested(JobParametersSchema)
    media = fields.Nested(FileSchema, metadata={"description": "the recording"})
    background = fields.Nested(FileSchema, allow_none=True)
    detected_language = build_language_field(
        "what was heard, once `asr` has ended", allow_none=True
    )
    stages = fields.List(
        fields.Nested(StageViewSchema), metadata={"description": "those that serve all languages"}
    )
    languages = fields.List(fields.Nested(LanguageViewSchema))
    artifacts = fields.List(fields.Nested(ArtifactViewSchema))


class RunViewSchema(AnswerSchema):
    """One run with what it executed, what it reused and what it was given."""

    id = build_id_field()
    number = build_count_field("from 1")
    resume_from = build_word_field(
        {**words.STAGES, "auto": "the first stage whose inputs changed"},
        "Where it was asked to begin; null for the first run.",
        allow_none=True,
    )
    state = build_word_field(words.JOB_STATUSES)
    created_at = build_time_field()
    finished_at = build_time_field(allow_none=True)
    executed = build_place_list("what this run does or did")
    reused = build_place_list("what it took over from earlier runs")
    given = build_place_list("what the user brought")


class StageCostSchema(AnswerSchema):
    """What one stage of one run used and cost, failed attempts included; `units` of `unit`."""

    run = build_count_field("the number of the run")
    stage = build_word_field(words.STAGES)
    language = build_language_field("null for what serves all languages", allow_none=True)
    provider = build_text_field(40, "who did it", allow_none=True)
    model = build_text_field(1000, "by which model or voice", allow_none=True)
    units = build_number_field("how much was used")
    unit = build_text_field(40, "of what", allow_none=True, metadata={"example": "characters"})
    usd = build_usd_field("what it cost")
    saved_usd = build_usd_field("what it had cost when it was made, for what was taken over")


class JobCostsSchema(AnswerSchema):
    """What a job has cost: in all, and by run, stage and language.

    `savedUsd` is what the stages had cost that runs took over from earlier ones. What serves all
    languages has null as its language, and `all` in the sums.
    """

    usd = build_usd_field("in all")
    saved_usd = build_usd_field("what reuse has saved")
    by_run = fields.Dict(keys=fields.String(), values=fields.Float())
    by_stage = fields.Dict(keys=fields.String(), values=fields.Float())
    by_language = fields.Dict(keys=fields.String(), values=fields.Float())
    stages = fields.List(fields.Nested(StageCostSchema))


class DeadLetterSchema(AnswerSchema):
    """A stage that ran out of attempts."""

    id = build_id_field()
    job_id = build_id_field("the job that it is a stage of")
    run = build_count_field("the number of the run")
    stage = build_word_field(words.STAGES)
    language = build_language_field("null for what serves all languages", allow_none=True)
    attempt = build_count_field("how many attempts there were")
    error = fields.Nested(
        StageErrorSchema, metadata={"description": "what the last attempt ended with"}
    )
    finished_at = build_time_field("when that was")


class EventViewSchema(AnswerSchema):
    """Something that happened to a job."""

    seq = build_count_field("its number in the job, from 1 without gaps")
    type = build_word_field(words.EVENT_TYPES)
    run = build_count_field("the number of the run", allow_none=True)
    stage = build_word_field(words.STAGES, allow_none=True)
    language = build_language_field("null for what serves all languages", allow_none=True)
    data = DetailsField(metadata={"description": "what else there is to tell, by its type"})
    provider = build_text_field(40, "who was paid", allow_none=True)
    model = build_text_field(1000, "by which model or voice", allow_none=True)
    units = build_number_field("how much was used", allow_none=True)
    unit = build_text_field(40, "of what", allow_none=True)
    cost_usd = build_usd_field("what it cost", allow_none=True)
    created_at = build_time_field()


class EventTicketSchema(AnswerSchema):
    """Lets whoever has it follow a job's events, once; it is not shown again."""

    url = fields.String(
        metadata={
            "format": "uri",
            "description": "what to open; `after` may be added, as in `?after=12`",
            "maxLength": 4096,
            "example": "http://127.0.0.1:8642/v1/events/3tQmYw",
        }
    )
    expires_at = build_time_field("until when it works")


class JobPageSchema(AnswerSchema):
    """A page of jobs; the `before` of the next one is `next`."""

    jobs = fields.List(fields.Nested(JobSummarySchema))
    next = build_id_field("the `before` of the next page; null at the end", allow_none=True)
