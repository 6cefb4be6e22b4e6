"""The id of a request: the client's own or a new one; in every answer, problem and line of log."""

import re

import structlog
from flask import Flask, Response, g, request
from uuid6 import uuid7

HEADER = "X-Request-Id"
# What a header and a line of log can hold without doing harm there.
FIT = re.compile(r"[A-Za-z0-9._-]{1,128}")


def register_request_ids(app: Flask) -> None:
    """Give every request its id."""
    app.before_request(_bind_to_log)
    app.after_request(_answer_in_header)


def get_request_id() -> str:
    """The id of the present request; also of one that was refused before it was looked at."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if FIT.fullmatch(given) else str(uuid7())
    found: str = g.request_id
    return found


def _bind_to_log() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=get_request_id())


def _answer_in_header(response: Response) -> Response:
    response.headers[HEADER] = get_request_id()
    return response
