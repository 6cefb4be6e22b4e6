"""How requests are read: strictly, and so that no body can do harm before it is looked at."""

import json
from typing import Any

from flask import Request, abort
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser

# No JSON body that the API knows is anywhere near this; files go to /v1/blobs.
MOST_JSON_BYTES = 1 << 20


class StrictParser(FlaskParser):
    """Knows no other query parameters than those documented, and takes JSON only."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - as the base class declares it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def load_json(self, req: Request, schema: Any) -> Any:
        """The body; 415 for another content type, 400 for what no database could store."""
        if not req.is_json:
            abort(415, "Send JSON, with Content-Type: application/json")
        if not req.get_data():
            abort(400, "The body is empty: send a JSON object, {} at least")
        try:
            body = super().load_json(req, schema)
            text = json.dumps(body, ensure_ascii=False, default=str)
            text.encode()
        except (RecursionError, ValueError):
            # Nested without end, a number of thousands of digits, half of a character.
            abort(400, "The JSON body cannot be read: it is nested too deeply or holds no text")
        if "\\u0000" in text:
            abort(400, "The JSON body holds a NUL character: leave it out")
        return body


class Blueprint(SmorestBlueprint):
    """A blueprint whose arguments are read by our parser."""

    ARGUMENTS_PARSER = StrictParser()
