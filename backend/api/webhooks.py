"""/v1/webhooks: vendors tell that what they were asked for is done. No part of clients' API."""

import hmac
import re

from flask import Blueprint, abort, request

from backend.api.http.context import get_parts
from backend.errors import Invalid, NotFound, Transient
from backend.pipeline.states import StageState
from backend.runs.vendor_jobs import wake_stage
from backend.settings.providers import WEBHOOK_HEADER

TRANSCRIPT = re.compile(r"[\w-]{1,100}", re.ASCII)

blueprint = Blueprint("webhooks", __name__, url_prefix="/v1/webhooks")


@blueprint.post("/assemblyai")
def wake_transcription() -> tuple[str, int]:
    """Wake the stage that waits for a transcript; what it then reads it asks AssemblyAI itself."""
    _require_secret()
    state = wake_stage(get_parts().db, _read_transcript())
    if state is None:
        raise NotFound("Nothing waits for this transcript")
    if state is StageState.RUNNING:
        # Which has handed in its job this moment, and is about to wait.
        raise Transient("The stage is at work; call again in a moment")
    return "", 204


def _require_secret() -> None:
    secret = get_parts().settings.assemblyai_webhook_secret.get_secret_value()
    if not secret:
        raise NotFound("This server does not ask to be called back")
    given = request.headers.get(WEBHOOK_HEADER, "")
    if not hmac.compare_digest(given.encode(), secret.encode()):
        abort(401, f"{WEBHOOK_HEADER} is not what this server has told the vendor")


def _read_transcript() -> str:
    """The transcript's id; whatever else is told is passed over."""
    told = request.get_json()
    id_ = told.get("transcript_id") if isinstance(told, dict) else None
    if not isinstance(id_, str) or not TRANSCRIPT.fullmatch(id_):
        raise Invalid("transcript_id", "is to be a transcript's id")
    return id_
