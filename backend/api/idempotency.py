"""`Idempotency-Key`: a POST that is sent again under its key is answered as it was before."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, request, url_for

from backend.api.http.context import get_parts, get_user_id
from backend.api.http.requests import Blueprint
from backend.api.schemas import JobViewSchema
from backend.jobs import idempotency, views
from backend.jobs.idempotency import LONGEST_KEY, ClaimedKey, KeptAnswer

HEADER = "Idempotency-Key"
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Any text of your own, new for each thing you ask for, such as a UUID. Sent again with "
        "it within a day, the same request is answered as it was and nothing is done twice "
        "(`Idempotent-Replayed: true`); another one is refused (422), and so is a second one "
        "while the first is being done (409)."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_KEY,
        "pattern": "^[ -~]+$",
        "example": "6f1c1c5e-3a52-4f0c-9d0e-6b8f0a2b7c11",
    },
}

View = Callable[..., Response]


def accept_idempotency_key(view: View) -> View:
    """Decorate a route that makes something: outermost, around its arguments and its answer."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return view(*args, **kwargs)
        body = request.get_json(silent=True)
        asked = idempotency.compute_fingerprint(request.method, request.path, body)
        found = idempotency.claim_key(get_parts().db, get_user_id(), key, asked)
        if isinstance(found, ClaimedKey):
            return _answer_first(found, lambda: view(*args, **kwargs))
        answer = _build_answer(found) if isinstance(found, UUID) else found
        return _replay(answer)

    documented: View = Blueprint.doc(parameters=[PARAMETER])(wrapper)
    return documented


def get_claimed_key() -> ClaimedKey | None:
    """The key under which this request is being done, if it has one."""
    found: ClaimedKey | None = g.get("claimed_key")
    return found


def _answer_first(claimed: ClaimedKey, answer: Callable[[], Response]) -> Response:
    g.claimed_key = claimed
    try:
        response = answer()
    except BaseException:
        claimed.release(get_parts().db)
        raise
    kept = KeptAnswer(response.status_code, response.get_json(), response.headers.get("Location"))
    claimed.keep_answer(get_parts().db, kept)
    return response


def _build_answer(job_id: UUID) -> KeptAnswer:
    """For a job whose process died before it could answer."""
    view = views.read_job_view(get_parts().db, get_user_id(), job_id)
    return KeptAnswer(202, JobViewSchema().dump(view), url_for("jobs.JobResource", job_id=job_id))


def _replay(answer: KeptAnswer) -> Response:
    response = jsonify(answer.body)
    response.status_code = answer.status
    if answer.location is not None:
        response.headers["Location"] = answer.location
    response.headers["Idempotent-Replayed"] = "true"
    return response
