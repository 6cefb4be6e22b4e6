"""How requests are read: strictly, and so that no body can do harm before it is looked at."""

import json
from typing import Any

from flask import Request, abort
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE
from webargs import missing
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
        """The body; 415 for another content type, 400 for what is no JSON or cannot be stored.

        Nothing is begun without a body: an empty one of any page on the web needs no permission.
        """
        if not req.is_json:
            abort(
                415, "Send JSON, with Content-Type: application/json; {} for nothing but defaults"
            )
        try:
            body = super().load_json(req, schema)
            text = json.dumps(body, ensure_ascii=False, default=str)
        except RecursionError:
            abort(400, "The JSON body is nested too deeply")
        except ValueError:
            abort(400, "The JSON body holds a number of too many digits")
        if body is missing:
            abort(400, "Send a JSON body; {} for nothing but defaults")
        try:
            text.encode()
        except UnicodeEncodeError:
            abort(400, "The JSON body holds half of a character (a lone surrogate): leave it out")
        if "\\u0000" in text:
            abort(400, "The JSON body holds a NUL character: leave it out")
        return body

    def _handle_invalid_json_error(
        self, error: Any, req: Request, *args: Any, **kwargs: Any
    ) -> Any:
        where = f" ({error})" if isinstance(error, json.JSONDecodeError) else ""
        abort(400, f"The body is no JSON{where}")


class Blueprint(SmorestBlueprint):
    """A blueprint whose arguments are read by our parser."""

    ARGUMENTS_PARSER = StrictParser()
