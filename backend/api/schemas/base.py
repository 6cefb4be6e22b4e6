"""What all schemas have in common: names in camelCase, and problems."""

from typing import Any

from marshmallow import Schema, fields, validate

from backend.pipeline.providers import split_names


class CamelCaseSchema(Schema):
    """Base: names its fields in camelCase and knows no others."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """`resume_from` here is `resumeFrom` there."""
        first, *rest = (field_obj.data_key or field_name).split("_")
        field_obj.data_key = first + "".join(part.title() for part in rest)


def build_flag_field() -> fields.Boolean:
    """`true` or `false`, false by default, and no words that might mean it."""
    return fields.Boolean(load_default=False, truthy={True}, falsy={False})


def build_choice_field(values: Any, **options: Any) -> fields.String:
    """One of these words."""
    return fields.String(validate=validate.OneOf([str(value) for value in values]), **options)


def build_name_field(longest: int) -> fields.String:
    """Text that is not empty, of so many characters at most."""
    return fields.String(validate=validate.Length(1, longest))


class NamesField(fields.List):
    """Names in order, as a list or as one text with commas."""

    def _deserialize(self, value: Any, *args: Any, **others: Any) -> list[Any]:
        return super()._deserialize(split_names(value), *args, **others)


def build_names_field() -> NamesField:
    """Providers in order, as a list or as one text with commas."""
    return NamesField(
        build_name_field(40),
        validate=validate.Length(1, 10),
        metadata={"description": "a list, or one text with commas", "example": ["auto"]},
    )


class FieldProblemSchema(CamelCaseSchema):
    """What is wrong with one field."""

    field = fields.String()
    message = fields.String()


class ProblemSchema(CamelCaseSchema):
    """Problem details (RFC 9457); tell problems apart by `type`, show people `detail`."""

    type = fields.String(metadata={"example": "urn:dubline:problem:invalid-request"})
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.List(fields.Nested(FieldProblemSchema))
