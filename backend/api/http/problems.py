"""Errors as RFC 9457 problem details: one table from error to answer."""

from typing import Any

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from backend.api.http.context import get_parts
from backend.database.errors import DatabaseUnreachable, find_disk_error
from backend.errors import Conflict, DublineError, Invalid, NotFound, Permanent, Transient
from backend.process.disk_errors import FULL_DISK, explain_disk_error

CONTENT_TYPE = "application/problem+json"

log = structlog.get_logger()

STATUS: list[tuple[type[DublineError], int, str, str]] = [
    (Invalid, 422, "invalid-request", "The request cannot be processed"),
    (NotFound, 404, "not-found", "Not found"),
    (Conflict, 409, "conflict", "The present state forbids it"),
    (Permanent, 422, "unusable-file", "The file cannot be used"),
    (Transient, 503, "unavailable", "A service that is needed does not answer"),
]


def register_error_handlers(app: Flask) -> None:
    """Answer every error of this app as problem+json."""
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(DublineError, _answer_domain_error)
    app.register_error_handler(DatabaseUnreachable, _answer_database_error)
    app.register_error_handler(OSError, _answer_os_error)
    app.register_error_handler(Exception, _answer_unexpected_error)


def build_problem(status: int, slug: str, title: str, detail: str, **more: Any) -> Response:
    """A problem details document; `slug` is what programs tell problems apart by."""
    body = {"type": f"urn:dubline:problem:{slug}", "title": title, "status": status}
    response = jsonify({**body, "detail": detail, **more})
    response.status_code = status
    response.content_type = CONTENT_TYPE
    return response


def _answer_domain_error(error: DublineError) -> Response:
    row = next((row for row in STATUS if isinstance(error, row[0])), None)
    if row is None:
        return _answer_unexpected_error(error)
    _, status, slug, title = row
    more: dict[str, Any] = {}
    if isinstance(error, Invalid):
        more = {"errors": [{"field": error.field, "message": str(error)}]}
    if isinstance(error, Conflict):
        slug, more = error.slug, error.details
    return build_problem(status, slug, title, str(error), **more)


def _answer_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        # As webargs has them: messages by field, by the place where the field was looked for.
        errors = [
            {"field": field, "message": str(found)}
            for place in messages.values()
            for field, found in (place.items() if isinstance(place, dict) else [("", place)])
        ]
        detail = "; ".join(f"{e['field']}: {e['message']}" for e in errors)
        return build_problem(status, "invalid-request", error.name, detail, errors=errors)
    response = build_problem(
        status, error.name.lower().replace(" ", "-"), error.name, error.description or ""
    )
    response.headers.extend((k, v) for k, v in error.get_headers() if k != "Content-Type")
    return response


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
    detail = "Something went wrong that should not; the server's log has the details"
    return build_problem(500, "internal", "Internal server error", detail)
