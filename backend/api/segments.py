"""/v1/jobs/{id}/segments: the lines of a dub, to read and to change."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import parts, user_id
from backend.api.http.requests import Blueprint
from backend.documents.languages import normalize
from backend.jobs.edit_lines import Editor

blueprint = Blueprint(
    "segments",
    __name__,
    url_prefix="/v1/jobs/<uuid:job_id>/segments",
    description="The lines of a dub; a further run of the job takes up what was changed in them",
)


@blueprint.route("")
class Segments(MethodView):
    """All lines of a language."""

    @blueprint.arguments(schemas.SegmentsQuery, location="query")
    @blueprint.response(200, schemas.Segments)
    def get(self, query: dict[str, Any], job_id: UUID) -> dict[str, Any]:
        """Read them, with the revision that a change has to name."""
        language = normalize(query["language"], "language")
        edition, translation = _editor().current(user_id(), job_id, language)
        return {
            "language": language,
            "revision": edition.revision,
            "output_revision": edition.output_revision,
            "segments": [line.model_dump() for line in translation.lines],
        }


@blueprint.route("/<int:segment_id>")
class OneSegment(MethodView):
    """A line of a language."""

    @blueprint.arguments(schemas.SegmentsQuery, location="query")
    @blueprint.arguments(schemas.SegmentChange)
    @blueprint.response(200, schemas.ChangedSegment)
    def patch(
        self, query: dict[str, Any], change: dict[str, Any], job_id: UUID, segment_id: int
    ) -> dict[str, Any]:
        """Change its text, times, speaker or voice; the job's next run makes it heard."""
        language, seen = normalize(query["language"], "language"), change.pop("revision")
        revision, line = _editor().change(
            user_id(), job_id, language, segment_id, revision=seen, values=change
        )
        return {"revision": revision, **line.model_dump()}


def _editor() -> Editor:
    return Editor(parts().db, parts().store, parts().scratch)
