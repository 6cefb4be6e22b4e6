"""Errors as RFC 9457 problem details: one table from error to answer."""

from typing import Any

import structlog
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as RouteNotFound

from backend.api.http.context import get_parts
from backend.api.http.field_errors import list_field_errors
from backend.api.http.request_ids import get_request_id
from backend.database.errors import DatabaseUnreachable, find_disk_error
from backend.errors import (
    Conflict,
    DublineError,
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
    Permanent,
    QuotaExceeded,
    TooManyRequests,
    Transient,
    Unauthenticated,
)
from backend.process.disk_errors import FULL_DISK, explain_disk_error

CHALLENGE = 'Bearer realm="dubline"'
CONTENT_TYPE = "application/problem+json"

log = structlog.get_logger()

STATUS: list[tuple[type[DublineError], int, str, str]] = [
    (Invalid, 422, "invalid-request", "The request cannot be processed"),
    (Unauthenticated, 401, "unauthenticated", "Who asks is not known"),
    (Forbidden, 403, "forbidden", "This is not allowed"),
    (QuotaExceeded, 403, "quota-exceeded", "More than a user may have"),
    (TooManyRequests, 429, "too-many-requests", "Too many requests"),
    (NotFound, 404, "not-found", "Not found"),
    (Conflict, 409, "conflict", "The present state forbids it"),
    (LimitExceeded, 422, "limit-exceeded", "More than is allowed"),
    (Permanent, 422, "unusable-file", "The file cannot be used"),
    (Transient, 503, "unavailable", "A service that is needed does not answer"),
]
INTERNAL = (
    500,
    "internal",
    "Internal server error",
    "Something went wrong that should not; the server's log has the details",
)


def register_error_handlers(app: Flask) -> None:
    """Answer every error of this app as problem+json."""
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(DublineError, _answer_domain_error)
    app.register_error_handler(DatabaseUnreachable, _answer_database_error)
    app.register_error_handler(OSError, _answer_os_error)
    app.register_error_handler(Exception, _answer_unexpected_error)


def build_problem(status: int, code: str, title: str, detail: str, **more: Any) -> Response:
    """An answer that tells a problem; `code` is what programs tell problems apart by."""
    return _answer(_build_document(status, code, title, detail, **more))


def _answer(problem: dict[str, Any]) -> Response:
    response = jsonify(problem)
    response.status_code = problem["status"]
    response.content_type = CONTENT_TYPE
    return response


def _build_document(status: int, code: str, title: str, detail: str, **more: Any) -> dict[str, Any]:
    kind = {"type": f"urn:dubline:problem:{code}", "code": code, "title": title, "status": status}
    return {**kind, "detail": detail, "requestId": get_request_id(), **more}


def describe_error(error: DublineError) -> dict[str, Any]:
    """The problem details of an error that users may be told of; those of a 500 for any other."""
    row = next((row for row in STATUS if isinstance(error, row[0])), None)
    if row is None:
        return _build_document(*INTERNAL)
    _, status, code, title = row
    more: dict[str, Any] = {}
    if isinstance(error, Invalid):
        more = {"errors": [{"field": error.field, "message": str(error)}]}
    if isinstance(error, LimitExceeded):
        more = {"limit": error.limit, "allowed": error.allowed, "found": error.found}
    if isinstance(error, QuotaExceeded):
        more = {"limit": error.quota, "allowed": error.limit, "used": error.used}
        more["resetsAt"] = error.resets_at and error.resets_at.isoformat()
    if isinstance(error, Conflict):
        more = error.details
    return _build_document(status, getattr(error, "slug", code), title, str(error), **more)


def _answer_domain_error(error: DublineError) -> Response:
    problem = describe_error(error)
    if problem["status"] == INTERNAL[0]:
        return _answer_unexpected_error(error)
    response = _answer(problem)
    response.headers.extend(_list_headers(error))
    return response


def _list_headers(error: DublineError) -> dict[str, str]:
    """What clients go by without reading the body (RFC 6750, 3; RFC 9110, 10.2.3)."""
    if isinstance(error, Unauthenticated):
        tried = "Authorization" in request.headers
        return {"WWW-Authenticate": CHALLENGE + (', error="invalid_token"' if tried else "")}
    if isinstance(error, Forbidden) and error.scope:
        needed = f'error="insufficient_scope", scope="{error.scope}"'
        return {"WWW-Authenticate": f"{CHALLENGE}, {needed}"}
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after)}
    return {}


def _answer_http_error(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response  # one that was built as it is to be
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        return _answer_wrong_fields(list_field_errors(messages))
    status, detail = error.code or 500, error.description or ""
    if isinstance(error, RouteNotFound) and request.url_rule is None:
        detail = "There is nothing at this address; ids in it are UUIDs (see /v1/openapi.json)"
    response = build_problem(status, error.name.lower().replace(" ", "-"), error.name, detail)
    response.headers.extend((k, v) for k, v in error.get_headers() if k != "Content-Type")
    return response


def _answer_wrong_fields(errors: list[dict[str, str]]) -> Response:
    told = (f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in errors)
    _, status, code, title = STATUS[0]
    return build_problem(status, code, title, "; ".join(told), errors=errors)


def _answer_database_error(error: DatabaseUnreachable) -> Response:
    on_disk = find_disk_error(error)
    if on_disk:
        return _answer_os_error(on_disk)
    log.error("database out of reach", error=str(error.orig))
    detail = "The database does not answer; try again in a moment"
    response = build_problem(503, "unavailable", "Temporarily unavailable", detail)
    response.headers["Retry-After"] = "5"
    return response


def _answer_os_error(error: OSError) -> Response:
    """A disk that takes no more: what of, and what the server's owner may do about it."""
    told = explain_disk_error(error, get_parts().settings.dubline_home)
    if told is None:
        return _answer_unexpected_error(error)
    log.error("nothing can be written", error=told)
    slug = "storage-full" if error.errno in FULL_DISK else "storage-unwritable"
    return build_problem(507, slug, "Insufficient storage", told)


def _answer_unexpected_error(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return build_problem(*INTERNAL)
