"""How jobs are told of."""

from marshmallow import fields

from backend.api.schemas.base import CamelCaseSchema, build_choice_field
from backend.pipeline.params import JobKind
from backend.pipeline.stages import LanguageStatus, Stage
from backend.pipeline.states import RunState, StageState


class PlannedStageSchema(CamelCaseSchema):
    """What a run does about one stage."""

    stage = fields.String()
    language = fields.String(allow_none=True)
    action = build_choice_field(("execute", "reuse", "edited"))
    estimated_cost_usd = fields.Float(allow_none=True)


class PlanSchema(CamelCaseSchema):
    """The answer to a dry run.

    The cost is what the same stages have cost before, with the same provider: the most in their
    language, or the mean of the others for a new one; else what list prices come to for the length
    of the recording. It is null where neither is known.
    """

    estimated_cost_usd = fields.Float(allow_none=True)
    plan = fields.List(fields.Nested(PlannedStageSchema))


class CostSchema(CamelCaseSchema):
    """What a stage cost, by which provider and model."""

    provider = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    usd = fields.Float(allow_none=True)


class StageViewSchema(CamelCaseSchema):
    """One stage's progress marker; `origin` tells whether it is executed, reused or given."""

    stage = build_choice_field(Stage)
    state = build_choice_field(StageState)
    origin = build_choice_field(("executed", "reused", "given"))
    attempt = fields.Integer()
    progress = fields.Float()
    error = fields.Dict(allow_none=True)
    warnings = fields.List(fields.String())
    cost = fields.Nested(CostSchema)
    retry_at = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


class ArtifactViewSchema(CamelCaseSchema):
    """A file that a stage made; `name` is what to ask `download` for."""

    name = fields.String()
    kind = fields.String()
    stage = fields.String()
    language = fields.String(allow_none=True)
    size = fields.Integer()
    sha256 = fields.String()
    mime = fields.String()
    meta = fields.Dict()


class ReportSumsSchema(CamelCaseSchema):
    """The report of a dub in a few figures; shares are 0..1 (docs/report.md)."""

    lines = fields.Integer()
    left_out = fields.Integer()
    overlap = fields.Float(allow_none=True)
    off_share = fields.Float()
    above12_share = fields.Float()
    max_rate = fields.Float(allow_none=True)
    collisions = fields.Integer()
    cuts = fields.Integer()
    duration_error_ms = fields.Float()
    loudness = fields.Float(allow_none=True)
    loudness_target = fields.Float()
    true_peak = fields.Float()
    caption_violations = fields.Integer()
    wer = fields.Float(allow_none=True)
    cer = fields.Float(allow_none=True)
    cost_usd = fields.Float()


class LanguageViewSchema(CamelCaseSchema):
    """Where a target language stands, in the latest run that has it.

    `status` goes by its stages: `queued` before `asr` begins, `stt` during `asr`, `translating`
    during `mt`, `dubbing` during `tts`, `mixing` during `mix` and `exporting` while what that made
    is being stored; then `complete`, `failed` or `cancelled`. The job is `running` until `join` has
    ended too. `report` is about the dub that is served, null until there is one.
    """

    language = fields.String()
    status = build_choice_field(LanguageStatus)
    progress = fields.Float()
    run = fields.Integer()
    stages = fields.List(fields.Nested(StageViewSchema))
    report = fields.Nested(ReportSumsSchema, allow_none=True)


class JobSummarySchema(CamelCaseSchema):
    """A job in a list."""

    id = fields.UUID()
    kind = build_choice_field(JobKind)
    status = build_choice_field(RunState)
    source_language = fields.String()
    target_languages = fields.List(fields.String())
    mode = fields.String()
    run = fields.Integer()
    created_at = fields.AwareDateTime()


class JobViewSchema(JobSummarySchema):
    """A job with everything that can be told of it."""

    finished_at = fields.AwareDateTime(allow_none=True)
    progress = fields.Float()
    detected_language = fields.String(
        allow_none=True, metadata={"description": "what was heard, once `asr` has ended"}
    )
    stages = fields.List(fields.Nested(StageViewSchema))
    languages = fields.List(fields.Nested(LanguageViewSchema))
    artifacts = fields.List(fields.Nested(ArtifactViewSchema))


class RunViewSchema(CamelCaseSchema):
    """One run with what it executed, what it reused and what it was given."""

    id = fields.UUID()
    number = fields.Integer()
    resume_from = fields.String(allow_none=True)
    state = build_choice_field(RunState)
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    executed = fields.List(fields.String())
    reused = fields.List(fields.String())
    given = fields.List(fields.String())


class StageCostSchema(CamelCaseSchema):
    """What one stage of one run used and cost, failed attempts included; `units` of `unit`."""

    run = fields.Integer()
    stage = fields.String()
    language = fields.String(allow_none=True)
    provider = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    units = fields.Float()
    unit = fields.String(allow_none=True)
    usd = fields.Float()
    saved_usd = fields.Float()


class JobCostsSchema(CamelCaseSchema):
    """What a job has cost in US dollars: in all, and by run, stage and language.

    `savedUsd` is what the stages had cost that runs took over from earlier ones. What serves all
    languages has null as its language, and `all` in the sums.
    """

    usd = fields.Float()
    saved_usd = fields.Float()
    by_run = fields.Dict(keys=fields.String(), values=fields.Float())
    by_stage = fields.Dict(keys=fields.String(), values=fields.Float())
    by_language = fields.Dict(keys=fields.String(), values=fields.Float())
    stages = fields.List(fields.Nested(StageCostSchema))


class DeadLetterSchema(CamelCaseSchema):
    """A stage that ran out of attempts; `error` is what the last one ended with."""

    id = fields.UUID()
    job_id = fields.UUID()
    run = fields.Integer()
    stage = fields.String()
    language = fields.String(allow_none=True)
    attempt = fields.Integer()
    error = fields.Dict()
    finished_at = fields.AwareDateTime()


class EventViewSchema(CamelCaseSchema):
    """Something that happened to a job."""

    seq = fields.Integer()
    type = fields.String()
    run = fields.Integer(allow_none=True)
    stage = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    data = fields.Dict()
    provider = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    units = fields.Float(allow_none=True)
    unit = fields.String(allow_none=True)
    cost_usd = fields.Float(allow_none=True)
    created_at = fields.AwareDateTime()


class JobPageSchema(CamelCaseSchema):
    """A page of jobs; `next` is the `before` of the next page."""

    jobs = fields.List(fields.Nested(JobSummarySchema))
    next = fields.UUID(allow_none=True)
