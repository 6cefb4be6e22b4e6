"""What all schemas have in common: camelCase, what is required, kinds of fields, and problems."""

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, pre_load, validate

from backend.api.schemas.words import Words
from backend.documents.languages import LONGEST_TAG
from backend.pipeline.providers import split_names

# NUL is no text for any database; requests that have one are refused (http/requests.py).
TEXT = r"^[^\u0000]*$"
TAG = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
LOOSE_TAG = r"^\s*[A-Za-z0-9_-]+\s*$"
SHA256 = "^[0-9a-f]{64}$"


def to_camel(name: str) -> str:
    """`resume_from` here is `resumeFrom` there."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


class CamelCaseSchema(Schema):
    """Base: names its fields in camelCase and knows no others."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """Give the field its name in JSON."""
        field_obj.data_key = to_camel(field_obj.data_key or field_name)


class AnswerSchema(CamelCaseSchema):
    """Base of what is answered: each property is there, null where there is nothing to tell.

    Clients pass over properties that they do not know, so that a new one breaks none of them.
    """

    class Meta:  # noqa: D106 - marshmallow's
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """Promise the property."""
        super().on_bind_field(field_name, field_obj)
        field_obj.required = True
        if field_obj.allow_none:
            field_obj.dump_default = None


class RequestSchema(CamelCaseSchema):
    """Base of what is asked for: null means "not given"."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """Document that null may be sent."""
        super().on_bind_field(field_name, field_obj)
        field_obj.allow_none = field_obj.allow_none or not field_obj.required

    @pre_load
    def _leave_out_nulls(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if value is not None}


def build_flag_field(description: str, *, default: bool = False) -> fields.Boolean:
    """`true` or `false`, and no words that might mean it."""
    return fields.Boolean(
        load_default=default, truthy={True}, falsy={False}, metadata={"description": description}
    )


def build_word_field(
    words: Words, description: str = "", *, allow_none: bool = False, **options: Any
) -> fields.String:
    """One of these words; what each means is told in the field's description."""
    listed = "\n".join(f"- `{word}`: {meaning}" for word, meaning in words.items())
    return fields.String(
        validate=validate.OneOf([str(word) for word in words]),
        allow_none=allow_none or None,  # then it goes by the default
        metadata={"description": f"{description}\n\n{listed}".strip()},
        **options,
    )


def build_text_field(
    longest: int, description: str = "", *, shortest: int = 0, **options: Any
) -> fields.String:
    """Text of so many characters at most."""
    metadata = {"description": description, "pattern": TEXT, **options.pop("metadata", {})}
    return fields.String(
        validate=validate.Length(shortest or None, longest), metadata=metadata, **options
    )


def build_language_field(description: str, *, loose: bool = False, **options: Any) -> fields.String:
    """A language tag: in standard form in answers, as people write it in requests (`loose`)."""
    metadata: dict[str, Any] = {"description": description, "example": "pt-BR"}
    metadata |= {"maxLength": LONGEST_TAG, "pattern": LOOSE_TAG if loose else TAG}
    return fields.String(metadata=metadata, **options)


def build_id_field(description: str = "", **options: Any) -> fields.UUID:
    """An id; ids sort by the time at which they were given."""
    example = "0193a5e2-7c1f-7d3a-9b52-4f6f0c8e2a11"
    return fields.UUID(metadata={"description": description, "example": example}, **options)


def build_time_field(description: str = "", **options: Any) -> fields.AwareDateTime:
    """A time (RFC 3339)."""
    metadata = {"description": description, "example": "2026-11-28T20:15:30.123456+00:00"}
    return fields.AwareDateTime(metadata=metadata, **options)


def build_count_field(description: str = "", **options: Any) -> fields.Integer:
    """A whole number that is not negative."""
    return fields.Integer(metadata={"description": description}, **options)


def build_number_field(description: str = "", **options: Any) -> fields.Float:
    """A number with a fraction."""
    return fields.Float(metadata={"description": description}, **options)


def build_share_field(description: str = "", **options: Any) -> fields.Float:
    """A share of a whole, 0 to 1."""
    limits = {"minimum": 0, "maximum": 1}
    return fields.Float(metadata={"description": description, **limits}, **options)


class DetailsField(fields.Dict):
    """Whatever else there is to tell, its names in camelCase."""

    def _serialize(self, value: Any, *args: Any, **others: Any) -> Any:
        return _rename_to_camel(super()._serialize(value, *args, **others))


def _rename_to_camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {to_camel(str(name)): _rename_to_camel(one) for name, one in value.items()}
    return [_rename_to_camel(one) for one in value] if isinstance(value, list | tuple) else value


class NamesField(fields.List):
    """Names in order, as a list or as one text with commas."""

    def _deserialize(self, value: Any, *args: Any, **others: Any) -> list[Any]:
        return super()._deserialize(split_names(value), *args, **others)


def build_names_field(description: str) -> NamesField:
    """Providers in order, as a list or as one text with commas."""
    return NamesField(
        build_text_field(40, shortest=1),
        validate=validate.Length(1, 10),
        metadata={"description": description, "example": ["auto"]},
    )


class FieldProblemSchema(AnswerSchema):
    """What is wrong with one field."""

    field = build_text_field(
        1000,
        "its whole path, empty for the body",
        metadata={"example": "timing.maxShift"},
    )
    message = build_text_field(10_000, "what is wrong with it, and what to do")


class ProblemSchema(AnswerSchema):
    """Problem details (RFC 9457); tell problems apart by `code`, show people `detail`.

    docs/problems.md lists the codes, and which of them say more.
    """

    type = build_text_field(
        200, "the code as a URN", metadata={"example": "urn:dubline:problem:invalid-request"}
    )
    code = build_text_field(100, "the kind of problem", metadata={"example": "invalid-request"})
    title = build_text_field(200, "the kind of problem, for people")
    status = fields.Integer(
        metadata={"description": "as the answer's own", "minimum": 400, "maximum": 599}
    )
    detail = build_text_field(10_000, "what is wrong here, and what to do")
    request_id = build_text_field(128, "as in the header X-Request-Id, and in the server's log")
    errors = fields.List(
        fields.Nested(FieldProblemSchema),
        metadata={"description": "of `invalid-request`: the fields that are wrong"},
    )
    job = build_text_field(200, "of `job-running`: the job's path")
    run_id = build_id_field("of `job-running`: the run that goes on")
    revision = build_count_field("of `revision-stale`: the latest one")
    earliest_valid_stage = build_text_field(20, "of `upstream-...`: where the run can start")
    missing = fields.List(
        build_text_field(100), metadata={"description": "of `upstream-...`: what is not there"}
    )

    missing_parts = fields.List(
        build_count_field(), metadata={"description": "of `parts-missing`: which have not come"}
    )
    limit = build_text_field(
        200,
        "of `limit-exceeded`: the setting; of `quota-exceeded`: the quota",
        metadata={"example": "MAX_DURATION_S"},
    )
    allowed = build_number_field("of `limit-exceeded`, `quota-exceeded`: what it allows")
    used = build_number_field("of `quota-exceeded`: how much of that is used")
    resets_at = build_time_field(
        "of `quota-exceeded`: when it begins anew; null for what only deleting or waiting frees",
        allow_none=True,
    )
    found = build_number_field("of `limit-exceeded`: what there is")

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """What only some problems tell is not promised."""
        super().on_bind_field(field_name, field_obj)
        field_obj.required = field_name in PROMISED


PROMISED = {"type", "code", "title", "status", "detail", "request_id"}
