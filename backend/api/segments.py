"""/v1/jobs/{id}/segments: the lines of a dub, to read and to change."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.requests import Blueprint
from backend.documents.languages import normalize
from backend.jobs.edit_lines import LineEditor
from backend.jobs.offers import read_offer
from backend.pipeline.offers import check_voice

blueprint = Blueprint(
    "segments",
    __name__,
    url_prefix="/v1/jobs/<uuid:job_id>/segments",
    description="The lines of a dub; a further run of the job takes up what was changed in them",
)


@blueprint.route("")
class SegmentsResource(MethodView):
    """All lines of a language."""

    @blueprint.doc(operationId="listSegments")
    @blueprint.arguments(schemas.SegmentsQuerySchema, location="query")
    @blueprint.response(200, schemas.SegmentsSchema)
    def get(self, query: dict[str, Any], job_id: UUID) -> dict[str, Any]:
        """Read them, with the revision that a change has to name.

        They are there as soon as the language is translated.
        """
        language = normalize(query["language"], "language")
        edition, translation = _build_editor().read_current(get_user_id(), job_id, language)
        return {
            "language": language,
            "revision": edition.revision,
            "output_revision": edition.output_revision,
            "segments": [line.model_dump() for line in translation.lines],
        }


@blueprint.route("/<int:segment_id>")
class SegmentResource(MethodView):
    """A line of a language."""

    @blueprint.doc(operationId="updateSegment")
    @blueprint.arguments(schemas.SegmentsQuerySchema, location="query")
    @blueprint.arguments(schemas.SegmentChangeSchema)
    @blueprint.response(200, schemas.ChangedSegmentSchema)
    @blueprint.alt_response(409, "Conflict")
    def patch(
        self, query: dict[str, Any], change: dict[str, Any], job_id: UUID, segment_id: int
    ) -> dict[str, Any]:
        """Change its text, times, speaker or voice; the job's next run makes it heard.

        409 tells that somebody else has changed the lines since `revision` was read, or that they
        are being translated anew.
        """
        language, seen = normalize(query["language"], "language"), change.pop("revision")
        if change.get("voice"):
            check_voice(read_offer(get_parts().db), language, change["voice"])
        revision, line = _build_editor().change_line(
            get_user_id(), job_id, language, segment_id, revision=seen, values=change
        )
        return {"revision": revision, **line.model_dump()}


def _build_editor() -> LineEditor:
    return LineEditor(get_parts().db, get_parts().store, get_parts().scratch)
