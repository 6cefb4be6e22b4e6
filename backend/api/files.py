"""/v1/files: announce a file, send it to the URL you are given, say that it is complete."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.requests import Blueprint
from backend.api.idempotency import accept_idempotency_key
from backend.errors import NotFound
from backend.uploads import access, files, receive
from backend.uploads.content import UploadLimits, probe_upload

blueprint = Blueprint("files", __name__, url_prefix="/v1/files", description="Files to work on")


@blueprint.route("")
class FilesResource(MethodView):
    """All files."""

    @blueprint.doc(operationId="listFiles")
    @blueprint.arguments(schemas.FileQuerySchema, location="query")
    @blueprint.response(200, schemas.FilePageSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the files that were taken in, newest first.

        Those that are announced only, or deleted, are left out.
        """
        return files.read_file_page(get_parts().db, get_user_id(), **query)


@blueprint.route("/<uuid:file_id>")
class FileResource(MethodView):
    """One file."""

    @blueprint.doc(operationId="getFile")
    @blueprint.response(200, schemas.FileSchema)
    def get(self, file_id: UUID) -> Any:
        """Tell what it is.

        404 also for one that is announced and not taken in yet.
        """
        upload = access.read_upload(get_parts().db, get_user_id(), file_id)
        if upload.completed_at is None:
            raise NotFound(f"File {file_id} is not complete: POST /v1/files/complete first")
        return upload

    @blueprint.doc(operationId="deleteFile")
    @blueprint.response(204)
    @blueprint.alt_response(409, "Conflict")
    def delete(self, file_id: UUID) -> None:
        """Delete it now, its name included.

        409 while a job is made of it: delete the data of its jobs first.
        """
        files.delete_file(get_parts().db, get_parts().store, get_user_id(), file_id)


@blueprint.route("/presign")
class PresignResource(MethodView):
    """Announce a file."""

    @accept_idempotency_key
    @blueprint.doc(operationId="presignFile")
    @blueprint.arguments(schemas.PresignRequestSchema)
    @blueprint.response(201, schemas.PresignedUploadSchema)
    @blueprint.alt_response(409, "Conflict")
    def post(self, request: dict[str, Any]) -> dict[str, Any]:
        """Get a URL to send a file to; it works for a short time.

        Send the file's bytes to it by the method and with the headers that are told, then say so to
        `/v1/files/complete`.
        """
        ttl = get_parts().settings.url_ttl_s
        file_id, signed = receive.announce_upload(
            get_parts().db, get_parts().store, get_user_id(), **request, ttl_s=ttl
        )
        return {
            "file_id": file_id,
            "url": signed.url,
            "method": signed.method,
            "headers": signed.headers,
            "expires_at": datetime.now(UTC) + timedelta(seconds=ttl),
        }


@blueprint.route("/complete")
class CompleteResource(MethodView):
    """Take a file in."""

    @blueprint.doc(operationId="completeFile")
    @blueprint.arguments(schemas.CompleteRequestSchema)
    @blueprint.response(200, schemas.FileSchema)
    @blueprint.alt_response(404, "NotFound")
    @blueprint.alt_response(409, "Conflict")
    def post(self, request: dict[str, Any]) -> Any:
        """Say that the file was sent: it is checked, probed and from then on never changes.

        Asked again, it answers the same. A file that is refused may be sent again to the same URL.
        """
        db, store, settings = get_parts().db, get_parts().store, get_parts().settings
        upload = access.read_upload(db, get_user_id(), request["file_id"])
        if upload.completed_at is not None:
            access.check_same_upload(upload, request["sha256"], request["size"])
        else:
            with receive.fetch_incoming(
                store, upload, settings.max_upload_bytes, get_parts().scratch
            ) as path:
                content = probe_upload(
                    path,
                    upload.role,
                    upload.filename,
                    UploadLimits(settings.media_limits, settings.text_limits),
                    text_allowed="stub" in settings.transcription_backend,
                )
                receive.accept_upload(
                    db,
                    store,
                    upload,
                    path,
                    content,
                    expected_sha256=request["sha256"],
                    expected_size=request["size"],
                )
        return access.read_upload(db, get_user_id(), request["file_id"])
