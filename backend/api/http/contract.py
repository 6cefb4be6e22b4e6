"""What the OpenAPI document says of all operations alike: how they can fail, what has limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from inspect import getdoc
from typing import Any

from apispec import APISpec, BasePlugin
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from backend.api.http.access import SESSION, find_demand
from backend.api.http.rate_limits import UNLIMITED
from backend.api.schemas.base import TEXT, ProblemSchema

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER = {
    "description": "in how many seconds to try again",
    "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400},
}
CHALLENGE = {
    "description": "how to tell who asks, or which scope is missing (RFC 6750, section 3)",
    "schema": {"type": "string", "maxLength": 1000, "pattern": "^Bearer "},
}
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT or API key",
    "description": (
        "An access token of `POST /v1/auth/login` or an API key (`dub_...`; RFC 6750). An embedded "
        "installation that only its own machine reaches asks nobody."
    ),
}
LOCATION = {
    "description": "where it is",
    "schema": {"type": "string", "format": "uri-reference", "maxLength": 4096},
}

EVENT_STREAM = "text/event-stream"
LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "description": "the `seq` behind which a stream goes on; it comes before `after`",
    "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": (1 << 53) - 1},
}
STREAM = {
    "schema": {
        "type": "string",
        "maxLength": 1_000_000_000,
        "pattern": "^[^\\u0000]*$",
        "description": (
            "Events, each with its `seq` as `id`, its `type` as `event`, and as `data` what the "
            "list has; and `stage.progress` with `stage`, `language` and `progress` (0 to 1). A "
            "comment every 15 seconds."
        ),
    },
    "example": (
        'id: 3\nevent: stage.started\ndata: {"seq": 3, "type": "stage.started", "stage": "asr"}\n\n'
    ),
}
STREAMED = {"x-streamed": True}  # marks an operation that answers by such a stream too
RATE_HEADERS = {
    "RateLimit": {
        "description": "how many requests are left (r) for how many seconds (t); not told where "
        "rates have no limit (draft-ietf-httpapi-ratelimit-headers)",
        "schema": {"type": "string", "maxLength": 200, "pattern": '^"minute";r='},
        "example": '"minute";r=598;t=42',
    },
    "RateLimit-Policy": {
        "description": "how many requests are allowed (q) in how many seconds (w)",
        "schema": {"type": "string", "maxLength": 200, "pattern": '^"minute";q='},
        "example": '"minute";q=600;w=60',
    },
}
RATE_LINKS = {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS}

# What a client may take a number for without losing digits: 2^53 - 1, as in JavaScript.
GREATEST = (1 << 53) - 1
WHOLE = {"type": "integer", "format": "int64", "minimum": 0, "maximum": GREATEST}
ID = {"type": "string", "format": "uuid", "maxLength": 36}
LINK_TEXT = "[A-Za-z0-9_-]{43}"
SECRET = {"type": "string", "maxLength": 43, "pattern": f"^{LINK_TEXT}$"}
# Limits of answers; those of requests are in their schemas, and are kept.
LONGEST_TEXT, MOST_ITEMS, MOST_NAMES = 100_000, 1_000_000, 1000
LENGTHS: Mapping[type[fields.Field], int] = {fields.UUID: 36, fields.DateTime: 35}

INFO = {
    "summary": "Dubs recordings of people speaking into other languages",
    "description": (
        "Send a file, ask for a job, watch it, get what it made. Times are UTC (RFC 3339), ids are "
        "UUIDs that sort by time, money is in US dollars. Problems are told as RFC 9457 has it: "
        "tell them apart by `code`. Clients pass over properties and words that they do not know: "
        "new ones come without a new version."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "contact": {"name": "Dubline"},
}
SERVERS = [
    {
        "url": "/",
        "description": "The installation, local or production, that serves this",
        "x-internal": False,
    }
]


@dataclass(frozen=True)
class DocumentedProblem:
    """A status with which requests fail: the name of its response, and why it comes."""

    name: str
    description: str
    headers: Mapping[str, Any] = field(default_factory=dict)

    def build_response(self) -> dict[str, Any]:
        """The response as OpenAPI has it."""
        content = {PROBLEM_TYPE: {"schema": ProblemSchema}}
        headers = {**self.headers, **RATE_LINKS}
        return {"description": self.description, "headers": headers, "content": content}


PROBLEMS: Mapping[int, DocumentedProblem] = {
    400: DocumentedProblem("BadRequest", "The request cannot be read"),
    401: DocumentedProblem(
        "Unauthenticated", "No token, or one that does not work", {"WWW-Authenticate": CHALLENGE}
    ),
    403: DocumentedProblem(
        "Forbidden",
        "Whoever asks may not do this; `code` tells why",
        {"WWW-Authenticate": CHALLENGE},
    ),
    404: DocumentedProblem("NotFound", "There is no such thing, or it belongs to somebody else"),
    409: DocumentedProblem("Conflict", "The present state forbids it; `type` tells why"),
    413: DocumentedProblem("ContentTooLarge", "The body is larger than any that is taken"),
    415: DocumentedProblem("UnsupportedMediaType", "The body is not in the type that is taken"),
    422: DocumentedProblem("Unprocessable", "A part of the request is wrong; `errors` tells which"),
    429: DocumentedProblem(
        "TooManyRequests",
        "Too many requests, or this was tried too often",
        {"Retry-After": RETRY_AFTER},
    ),
    500: DocumentedProblem("InternalError", "Something went wrong that should not"),
    503: DocumentedProblem(
        "Unavailable",
        "A service that is needed does not answer: try again later",
        {"Retry-After": RETRY_AFTER},
    ),
    507: DocumentedProblem("StorageFull", "There is no room left to store it"),
}
ANY_PROBLEM = "AnyProblem"


class ContractPlugin(BasePlugin):
    """Completes what flask-smorest tells of operations and schemas."""

    def init_spec(self, spec: APISpec) -> None:
        """Register the ways in which requests fail; those that none does are left out."""
        super().init_spec(spec)
        spec.components.security_scheme("bearer", BEARER)
        for plugin in spec.plugins:
            if isinstance(plugin, MarshmallowPlugin) and plugin.converter is not None:
                plugin.converter.add_attribute_function(complete_property)
        for name, header in RATE_HEADERS.items():
            spec.components.header(name, header)
        for problem in PROBLEMS.values():
            spec.components.response(problem.name, problem.build_response(), lazy=True)
        other = DocumentedProblem(ANY_PROBLEM, "Any other problem")
        spec.components.response(other.name, other.build_response(), lazy=True)

    def operation_helper(
        self,
        path: str | None = None,
        operations: dict[str, dict[str, Any]] | None = None,
        **_: Any,
    ) -> None:
        """Tell whom an operation takes, and name the ways in which it fails."""
        for method, operation in (operations or {}).items():
            operation["security"] = _list_security(operation["tags"][0], method.upper())
            told = {str(status): found for status, found in operation["responses"].items()}
            if operation.pop("x-streamed", False):
                operation.setdefault("parameters", []).append(LAST_EVENT_ID)
                told["200"].setdefault("content", {})[EVENT_STREAM] = STREAM
            failures = {str(one): PROBLEMS[one].name for one in _list_failures(path, operation)}
            named = {str(one): PROBLEMS[one].name for one in PROBLEMS if str(one) in told}
            operation["responses"] = dict(sorted({**told, **named, **failures}.items()))
            _limit_lists(operation["responses"])
            if operation["tags"][0] not in UNLIMITED:
                _tell_rates(operation["responses"])

    def schema_helper(self, name: str, definition: dict[str, Any], **given: Any) -> dict[str, Any]:
        """Describe a schema by its docstring."""
        schema = given.get("schema")
        found = schema if isinstance(schema, type) else type(schema)
        return {"description": getdoc(found)} if issubclass(found, Schema) else {}


def _limit_lists(responses: Mapping[str, Any]) -> None:
    """A list as a whole answer is made of no field that `complete_property` would see."""
    for response in responses.values():
        content = response.get("content", {}) if isinstance(response, Mapping) else {}
        for media in content.values():
            if media.get("schema", {}).get("type") == "array":
                media["schema"]["maxItems"] = MOST_ITEMS


def _tell_rates(responses: Mapping[str, Any]) -> None:
    """What was done tells how much more may be asked; problems do so by themselves."""
    for response in responses.values():
        if isinstance(response, dict) and "$ref" not in response:
            response["headers"] = {**response.get("headers", {}), **RATE_LINKS}


def _list_security(blueprint: str, method: str) -> list[dict[str, list[str]]]:
    """By the same table that lets requests in; a blueprint's name is its operations' tag."""
    demand = find_demand(blueprint, method)
    if demand is None:
        return []
    return [{"bearer": [] if demand == SESSION else [str(demand)]}]


def _list_failures(path: str | None, operation: Mapping[str, Any]) -> Iterator[int]:
    yield from (400, 500, 503)
    if operation["security"]:
        yield from (401, 403)
    if "auth" in operation["tags"]:
        yield from (401, 403, 404, 429)
    if operation["tags"][0] not in UNLIMITED:
        yield 429
    if "{" in (path or ""):
        yield 404
    if "parameters" in operation or "requestBody" in operation:
        yield 422
    if "requestBody" in operation:
        yield from (413, 415, 507)


def complete_property(_converter: Any, field: fields.Field, ret: dict[str, Any]) -> dict[str, Any]:
    """The limits that follow from a field's type, where it has none of its own."""
    limits: dict[str, Any] = {}
    kind = ret.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "string" in kinds and "enum" not in ret:
        limits["maxLength"] = next(
            (length for type_, length in LENGTHS.items() if isinstance(field, type_)), LONGEST_TEXT
        )
        if "format" not in ret:
            limits["pattern"] = TEXT
    if "integer" in kinds:
        limits = {name: value for name, value in WHOLE.items() if name != "type"}
    if "array" in kinds:
        limits["maxItems"] = MOST_ITEMS
    if "object" in kinds:
        limits["maxProperties"] = MOST_NAMES
    return limits | ret
