"""Files that users send."""

from marshmallow import fields, validate

from backend.api.schemas.base import CamelCaseSchema, build_choice_field

ROLES = ("voice", "video", "background", "transcript")


class PresignRequestSchema(CamelCaseSchema):
    """Announces a file."""

    filename = fields.String(required=True, validate=validate.Length(1, 1000))
    role = build_choice_field(ROLES, load_default="video")


class PresignedUploadSchema(CamelCaseSchema):
    """Where to send it."""

    file_id = fields.UUID()
    url = fields.String()
    method = fields.String()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    expires_at = fields.AwareDateTime()


class CompleteRequestSchema(CamelCaseSchema):
    """Says that the file was sent; size and hash are compared where given."""

    file_id = fields.UUID(required=True)
    size = fields.Integer(load_default=None, validate=validate.Range(min=0))
    sha256 = fields.String(load_default=None, validate=validate.Regexp("^[0-9a-f]{64}$"))


class FileSchema(CamelCaseSchema):
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
