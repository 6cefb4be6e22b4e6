"""/v1/files: announce a file, send it to the URL you are given, say that it is complete."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import parts, user_id
from backend.api.http.requests import Blueprint
from backend.uploads import access, receive
from backend.uploads.content import content_of

blueprint = Blueprint("files", __name__, url_prefix="/v1/files", description="Files to work on")


@blueprint.route("/presign")
class Presign(MethodView):
    """Announce a file."""

    @blueprint.arguments(schemas.PresignRequest)
    @blueprint.response(201, schemas.PresignedUpload)
    def post(self, request: dict[str, Any]) -> dict[str, Any]:
        """Get a URL to send a file to; it works for a short time."""
        ttl = parts().settings.url_ttl_s
        file_id, signed = receive.announce(
            parts().db, parts().store, user_id(), **request, ttl_s=ttl
        )
        return {
            "file_id": file_id,
            "url": signed.url,
            "method": signed.method,
            "headers": signed.headers,
            "expires_at": datetime.now(UTC) + timedelta(seconds=ttl),
        }


@blueprint.route("/complete")
class Complete(MethodView):
    """Take a file in."""

    @blueprint.arguments(schemas.CompleteRequest)
    @blueprint.response(200, schemas.File)
    def post(self, request: dict[str, Any]) -> Any:
        """Say that the file was sent: it is checked, probed and from then on never changes."""
        db, store, settings = parts().db, parts().store, parts().settings
        upload = access.find_upload(db, user_id(), request["file_id"])
        if upload.completed_at is not None:
            access.compare_upload(upload, request["sha256"], request["size"])
        else:
            with receive.incoming(
                store, upload, settings.max_upload_bytes, parts().scratch
            ) as path:
                content = content_of(
                    path,
                    upload.role,
                    upload.filename,
                    text_allowed=settings.transcription_backend == "stub",
                )
                receive.accept(
                    db,
                    store,
                    upload,
                    path,
                    content,
                    expected_sha256=request["sha256"],
                    expected_size=request["size"],
                )
        return access.find_upload(db, user_id(), request["file_id"])
