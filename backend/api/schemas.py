"""What goes over the wire: camelCase outside, snake_case inside."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from backend.core.params import Bed, Kind, Loudness, Mode, Policy
from backend.core.stages import ORDER, Stage

ROLES = ("voice", "video", "background", "transcript")


class Camel(Schema):
    """Base: names its fields in camelCase and knows no others."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """`resume_from` here is `resumeFrom` there."""
        first, *rest = (field_obj.data_key or field_name).split("_")
        field_obj.data_key = first + "".join(part.title() for part in rest)


def _flag() -> fields.Boolean:
    """`true` or `false`, false by default, and no words that might mean it."""
    return fields.Boolean(load_default=False, truthy={True}, falsy={False})


def _choice(values: Any, **options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf([str(value) for value in values]), **options)


def _name(longest: int) -> fields.String:
    return fields.String(validate=validate.Length(1, longest))


class FieldProblem(Camel):
    """What is wrong with one field."""

    field = fields.String()
    message = fields.String()


class Problem(Camel):
    """Problem details (RFC 9457); tell problems apart by `type`, show people `detail`."""

    type = fields.String(metadata={"example": "urn:dubline:problem:invalid-request"})
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.List(fields.Nested(FieldProblem))


class PresignRequest(Camel):
    """Announces a file."""

    filename = fields.String(required=True, validate=validate.Length(1, 1000))
    role = _choice(ROLES, load_default="video")


class PresignedUpload(Camel):
    """Where to send it."""

    file_id = fields.UUID()
    url = fields.String()
    method = fields.String()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    expires_at = fields.AwareDateTime()


class CompleteRequest(Camel):
    """Says that the file was sent; size and hash are compared where given."""

    file_id = fields.UUID(required=True)
    size = fields.Integer(load_default=None, validate=validate.Range(min=0))
    sha256 = fields.String(load_default=None, validate=validate.Regexp("^[0-9a-f]{64}$"))


class File(Camel):
    """An upload that was taken in."""

    id = fields.UUID()
    role = fields.String()
    filename = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    mime = fields.String()
    duration = fields.Float(metadata={"description": "seconds"})
    probe = fields.Dict(metadata={"description": "container and streams, as found"})
    completed_at = fields.AwareDateTime()


class CaptionsRequest(Camel):
    """What captions there are besides files in the dub's language."""

    bilingual = _flag()
    burn_in = _flag()


class TimingRequest(Camel):
    """How lines are fitted into their time; by default `fit` and 2 s."""

    policy = _choice(Policy)
    max_shift = fields.Float(
        validate=validate.Range(0, 10),
        metadata={"description": "seconds that a line may start early or late"},
    )


class DuckingRequest(Camel):
    """How the bed steps back under speech; without `depthDb` by what kind of bed it is."""

    depth_db = fields.Float(validate=validate.Range(0, 40))
    attack_ms = fields.Integer(validate=validate.Range(10, 1000))
    release_ms = fields.Integer(validate=validate.Range(10, 3000))


class JobRequest(Camel):
    """Asks for a dub or a transcription.

    `startFrom: mt` takes a transcript in place of recognition, `startFrom: tts` a translation for
    each target language: uploads of role `transcript` in SRT, WebVTT or Dubline's JSON.
    """

    kind = _choice(Kind, load_default=str(Kind.DUB))
    media_id = fields.UUID(required=True)
    background_id = fields.UUID(load_default=None)
    source_language = fields.String(load_default="en")
    target_languages = fields.List(fields.String(), load_default=list)
    mode = _choice(Mode, load_default=str(Mode.MONO))
    bed = _choice(Bed, load_default=str(Bed.AUTO))
    ducking = fields.Nested(DuckingRequest, load_default=dict)
    loudness = _choice(Loudness, load_default=str(Loudness.SOURCE))
    flac = _flag()
    stems = _flag()
    segment_audio = _flag()
    start_from = _choice((Stage.ASR, Stage.MT, Stage.TTS), load_default=str(Stage.ASR))
    transcript_id = fields.UUID(load_default=None)
    translations = fields.Dict(
        keys=fields.String(),
        values=fields.UUID(),
        load_default=dict,
        metadata={"description": "upload by target language, for `startFrom: tts`"},
    )
    voices = fields.Dict(
        keys=_name(20),
        values=_name(200),
        load_default=dict,
        metadata={"description": "a voice by speaker, as in `dubline voices`; others are chosen"},
    )
    captions = fields.Nested(CaptionsRequest, load_default=dict)
    timing = fields.Nested(TimingRequest, load_default=dict)


class RetryRequest(Camel):
    """Asks for another run of a job."""

    resume_from = _choice(["auto", *ORDER], load_default="auto")
    from_run_id = fields.UUID(load_default=None)
    languages = fields.List(fields.String(), load_default=list)
    overrides = fields.Dict(keys=fields.String(), load_default=dict)
    accept_stale = _flag()
    dry_run = _flag()


class TranslateRequest(JobRequest, RetryRequest):
    """Asks for a new dub (`mediaId` ...) or for another run of one (`jobId`, `resumeFrom` ...)."""

    media_id = fields.UUID(load_default=None)
    job_id = fields.UUID(load_default=None)

    @validates_schema(pass_original=True)
    def _one_of_the_two(self, _data: Any, original: dict[str, Any], **_: Any) -> None:
        again = "jobId" in original
        asked = RetryRequest() if again else JobRequest()
        known = {"jobId", *(field.data_key for field in asked.fields.values())} - {"kind"}
        wrong = sorted(set(original) - known)
        if wrong:
            other = "with jobId: that is a new job" if again else "without jobId"
            raise ValidationError(f"cannot be given {other}", wrong[0])
        if not again and not original.get("mediaId"):
            raise ValidationError("needed for a new dub (or jobId for another run)", "mediaId")


class PlannedStage(Camel):
    """What a run does about one stage."""

    stage = fields.String()
    language = fields.String(allow_none=True)
    action = _choice(("execute", "reuse"))
    estimated_cost_usd = fields.Float(allow_none=True)


class Plan(Camel):
    """The answer to a dry run.

    The cost is what the same stages have cost before, with the same provider: the most in their
    language, or the mean of the others for a new one. It is null where nothing like it was done.
    """

    estimated_cost_usd = fields.Float(allow_none=True)
    plan = fields.List(fields.Nested(PlannedStage))


class Cost(Camel):
    """What a stage cost, by which provider and model."""

    provider = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    usd = fields.Float(allow_none=True)


class StageView(Camel):
    """One stage's progress marker; `origin` tells whether it is executed, reused or given."""

    stage = fields.String()
    state = fields.String()
    origin = fields.String()
    attempt = fields.Integer()
    progress = fields.Float()
    error = fields.Dict(allow_none=True)
    warnings = fields.List(fields.String())
    cost = fields.Nested(Cost)
    retry_at = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


class ArtifactView(Camel):
    """A file that a stage made; `name` is what to ask `download` for."""

    name = fields.String()
    kind = fields.String()
    stage = fields.String()
    language = fields.String(allow_none=True)
    size = fields.Integer()
    sha256 = fields.String()
    mime = fields.String()
    meta = fields.Dict()


class LanguageView(Camel):
    """Where a target language stands, in the latest run that has it."""

    language = fields.String()
    status = fields.String()
    progress = fields.Float()
    run = fields.Integer()
    stages = fields.List(fields.Nested(StageView))


class JobSummary(Camel):
    """A job in a list."""

    id = fields.UUID()
    kind = fields.String()
    status = fields.String()
    source_language = fields.String()
    target_languages = fields.List(fields.String())
    mode = fields.String()
    run = fields.Integer()
    created_at = fields.AwareDateTime()


class JobView(JobSummary):
    """A job with everything that can be told of it."""

    finished_at = fields.AwareDateTime(allow_none=True)
    progress = fields.Float()
    stages = fields.List(fields.Nested(StageView))
    languages = fields.List(fields.Nested(LanguageView))
    artifacts = fields.List(fields.Nested(ArtifactView))


class RunView(Camel):
    """One run with what it executed, what it reused and what it was given."""

    id = fields.UUID()
    number = fields.Integer()
    resume_from = fields.String(allow_none=True)
    state = fields.String()
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    executed = fields.List(fields.String())
    reused = fields.List(fields.String())
    given = fields.List(fields.String())


class DeadLetter(Camel):
    """A stage that ran out of attempts; `error` is what the last one ended with."""

    id = fields.UUID()
    job_id = fields.UUID()
    run = fields.Integer()
    stage = fields.String()
    language = fields.String()
    attempt = fields.Integer()
    error = fields.Dict()
    finished_at = fields.AwareDateTime()


class EventView(Camel):
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


class JobQuery(Camel):
    """Pages through jobs, newest first."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    before = fields.UUID(load_default=None)


class JobPage(Camel):
    """A page of jobs; `next` is the `before` of the next page."""

    jobs = fields.List(fields.Nested(JobSummary))
    next = fields.UUID(allow_none=True)


class SegmentsQuery(Camel):
    """Which of the job's languages."""

    language = fields.String(required=True)


class Segment(Camel):
    """A line of the dub, seconds from the start of the recording."""

    id = fields.Integer()
    start = fields.Float()
    end = fields.Float()
    source = fields.String()
    text = fields.String()
    speaker = fields.String(allow_none=True)
    voice = fields.String(
        allow_none=True, metadata={"description": "set by a user, in place of the speaker's"}
    )


class Segments(Camel):
    """The lines of a language, in time order."""

    language = fields.String()
    revision = fields.Integer(metadata={"description": "0 as translated, one more by each change"})
    output_revision = fields.Integer(
        metadata={"description": "the revision that the present files were made of"}
    )
    segments = fields.List(fields.Nested(Segment))


class SegmentChange(Camel):
    """What to change in a line; what is not named stays."""

    revision = fields.Integer(required=True, metadata={"description": "as it was read"})
    text = fields.String(validate=validate.Length(max=5000))
    speaker = fields.String(allow_none=True, validate=validate.Length(1, 20))
    voice = fields.String(allow_none=True, validate=validate.Length(1, 200))
    start = fields.Float(validate=validate.Range(min=0))
    end = fields.Float(validate=validate.Range(min=0))


class ChangedSegment(Segment):
    """The line as it is now."""

    revision = fields.Integer()


class DownloadQuery(Camel):
    """Which artifact, by its name."""

    artifact = fields.String(required=True)
