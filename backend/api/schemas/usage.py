"""Quotas and what is used of them."""

from marshmallow import fields, validate

from backend.api.schemas.base import (
    AnswerSchema,
    RequestSchema,
    build_count_field,
    build_number_field,
    build_time_field,
)

GREATEST = (1 << 53) - 1  # which JavaScript still tells from the next one


class QuotaUseSchema(AnswerSchema):
    """A quota and what is used of it."""

    limit = build_number_field("how much there may be; null for any", allow_none=True)
    used = build_number_field("how much there is")
    resets_at = build_time_field(
        "when it begins anew; null for what only deleting or waiting frees", allow_none=True
    )


class UsageSchema(AnswerSchema):
    """What a user may have, and has."""

    max_upload_bytes = build_count_field("the largest file that is accepted, bytes")
    minutes_per_month = fields.Nested(
        QuotaUseSchema,
        metadata={
            "description": "Minutes of recordings, each counted once for each language that it is "
            "dubbed into, of jobs that were asked for in this calendar month (UTC)."
        },
    )
    concurrent_jobs = fields.Nested(
        QuotaUseSchema, metadata={"description": "Jobs that run at a time."}
    )
    storage_bytes = fields.Nested(
        QuotaUseSchema,
        metadata={
            "description": "Bytes of files, those that are coming in parts among them, and of what "
            "jobs made."
        },
    )


class QuotasRequestSchema(RequestSchema):
    """A user's own quotas; those that are not named are the installation's, 0 is any."""

    max_upload_bytes = fields.Integer(
        validate=validate.Range(1, GREATEST), metadata={"description": "bytes of one file"}
    )
    minutes_per_month = fields.Float(
        validate=validate.Range(0, GREATEST), metadata={"description": "minutes a calendar month"}
    )
    concurrent_jobs = fields.Integer(
        validate=validate.Range(0, GREATEST), metadata={"description": "jobs at a time"}
    )
    storage_bytes = fields.Integer(
        validate=validate.Range(0, GREATEST), metadata={"description": "bytes in storage"}
    )
