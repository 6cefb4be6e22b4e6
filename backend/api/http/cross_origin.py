"""CORS: web pages of other origins, such as a player's, may use signed URLs."""

from flask import Response


def allow_any_origin(response: Response) -> Response:
    """Let any origin read what the URL alone gives access to: no cookie or header adds to it."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "GET, PUT"
    response.headers["Access-Control-Allow-Headers"] = "Range, Content-Type, Content-MD5"
    response.headers["Access-Control-Expose-Headers"] = "Content-Length, Content-Range, ETag"
    return response
