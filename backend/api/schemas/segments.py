"""Lines of a dub."""

from marshmallow import fields, validate

from backend.api.schemas.base import CamelCaseSchema


class SegmentsQuerySchema(CamelCaseSchema):
    """Which of the job's languages."""

    language = fields.String(required=True)


class SegmentSchema(CamelCaseSchema):
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


class SegmentsSchema(CamelCaseSchema):
    """The lines of a language, in time order."""

    language = fields.String()
    revision = fields.Integer(
        metadata={"description": "0 as first translated, one more by each change"}
    )
    output_revision = fields.Integer(
        metadata={"description": "the revision that the present files were made of"}
    )
    segments = fields.List(fields.Nested(SegmentSchema))


class SegmentChangeSchema(CamelCaseSchema):
    """What to change in a line; what is not named stays."""

    revision = fields.Integer(required=True, metadata={"description": "as it was read"})
    text = fields.String(validate=validate.Length(max=5000))
    speaker = fields.String(allow_none=True, validate=validate.Length(1, 20))
    voice = fields.String(allow_none=True, validate=validate.Length(1, 200))
    start = fields.Float(validate=validate.Range(min=0))
    end = fields.Float(validate=validate.Range(min=0))


class ChangedSegmentSchema(SegmentSchema):
    """The line as it is now."""

    revision = fields.Integer()
