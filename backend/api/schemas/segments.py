"""Lines of a dub."""

from marshmallow import fields, validate

from backend.api.schemas.base import (
    AnswerSchema,
    CamelCaseSchema,
    build_count_field,
    build_language_field,
    build_number_field,
    build_text_field,
)

LONGEST_LINE = 5000


class SegmentsQuerySchema(CamelCaseSchema):
    """Which of the job's languages."""

    language = build_language_field("one of the job's target languages", loose=True, required=True)


class SegmentSchema(AnswerSchema):
    """A line of the dub, seconds from the start of the recording."""

    id = build_count_field("its number, from 0; warnings, reports and captions count from 1")
    start = build_number_field("seconds")
    end = build_number_field("seconds")
    source = build_text_field(100_000, "what is said in the recording")
    text = build_text_field(100_000, "what is said in the dub")
    speaker = build_text_field(200, "who says it", allow_none=True)
    voice = build_text_field(200, "set by a user, in place of the speaker's", allow_none=True)


class SegmentsSchema(AnswerSchema):
    """The lines of a language, in time order."""

    language = build_language_field("the dub's")
    revision = build_count_field("0 as first translated, one more by each change")
    output_revision = build_count_field("the revision that the present files were made of")
    segments = fields.List(fields.Nested(SegmentSchema))


class SegmentChangeSchema(CamelCaseSchema):
    """What to change in a line; what is not named stays."""

    revision = fields.Integer(required=True, metadata={"description": "as it was read"})
    text = build_text_field(LONGEST_LINE, "what is to be said")
    speaker = build_text_field(
        20, "who says it; null: nobody in particular", shortest=1, allow_none=True
    )
    voice = build_text_field(200, "null: the speaker's own", shortest=1, allow_none=True)
    start = fields.Float(validate=validate.Range(min=0), metadata={"description": "seconds"})
    end = fields.Float(validate=validate.Range(min=0), metadata={"description": "seconds"})


class ChangedSegmentSchema(SegmentSchema):
    """The line as it is now."""

    revision = build_count_field("that of the language's lines")
