"""Answers that are sent again only when they have changed."""

from typing import Any

from flask import Response, jsonify, request

TAG = {"type": "string", "maxLength": 100, "pattern": '^(W/)?"[^"]*"$'}
ETAG = {"description": "tells this state from any other", "schema": TAG}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the `ETag` of what you have: 304 tells that it has not changed",
    "schema": TAG,
}


def answer_conditionally(body: Any) -> Response:
    """The body with its `ETag`; 304 without a body for who has it already."""
    response = jsonify(body)
    response.add_etag()
    response.make_conditional(request)
    return response
