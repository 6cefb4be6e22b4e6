"""Share links, and what admins see of all jobs."""

from marshmallow import fields, validate

from backend.api.schemas import words
from backend.api.schemas.base import (
    AnswerSchema,
    RequestSchema,
    build_count_field,
    build_id_field,
    build_language_field,
    build_time_field,
    build_word_field,
)
from backend.api.schemas.jobs import ArtifactViewSchema, StageErrorSchema

DAY = 24 * 3600
SHORTEST_LIFE, LONGEST_LIFE = 60, 365 * DAY


class ShareRequestSchema(RequestSchema):
    """Asks for a link to a job."""

    expires_in = fields.Integer(
        load_default=7 * DAY,
        validate=validate.Range(SHORTEST_LIFE, LONGEST_LIFE),
        metadata={"description": "seconds for which it works", "format": "int32"},
    )


class ShareLinkSchema(AnswerSchema):
    """A link to a job; its token is not shown again."""

    id = build_id_field("what to revoke it by")
    created_at = build_time_field("when it was made")
    expires_at = build_time_field("until when it works")
    revoked_at = build_time_field("since when it works no more", allow_none=True)


class NewShareLinkSchema(AnswerSchema):
    """A link as it was made."""

    id = build_id_field("what to revoke it by")
    url = fields.String(
        metadata={
            "format": "uri",
            "description": "shown this once: what is to be watched is told there, as JSON",
            "maxLength": 4096,
            "example": "http://127.0.0.1:8642/v1/shared/3tQmYw",
        }
    )
    expires_at = build_time_field("until when it works")


class SharedJobSchema(AnswerSchema):
    """What whoever has a link sees of a job; files are below it, at `download`."""

    id = build_id_field("the job's")
    source_language = build_language_field("as it was asked for, or `auto`")
    target_languages = fields.List(
        build_language_field(""), metadata={"description": "what it is dubbed into", "maxItems": 50}
    )
    created_at = build_time_field("when it was asked for")
    expires_at = build_time_field("until when the link works")
    artifacts = fields.List(
        fields.Nested(ArtifactViewSchema), metadata={"description": "what is to be watched"}
    )


class OwnedJobSchema(AnswerSchema):
    """A job and whose it is."""

    id = build_id_field("the job's")
    user_id = build_id_field("its owner's")
    kind = build_word_field(words.JOB_KINDS, "What it makes.")
    status = build_word_field(words.JOB_STATUSES, "Where its last run stands.")
    run = build_count_field("the number of that run")
    created_at = build_time_field("when it was asked for")


class OwnedErrorSchema(AnswerSchema):
    """A stage that ended by an error, and whose job it is of."""

    id = build_id_field("the stage's")
    job_id = build_id_field("the job's")
    user_id = build_id_field("its owner's")
    stage = build_word_field(words.STAGES)
    state = build_word_field(words.STAGE_STATES)
    language = build_language_field("null for what serves all languages", allow_none=True)
    attempt = build_count_field("how many attempts there were")
    error = fields.Nested(
        StageErrorSchema, metadata={"description": "what the last attempt ended with"}
    )
    finished_at = build_time_field("when that was", allow_none=True)
