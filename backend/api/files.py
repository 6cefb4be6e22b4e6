"""/v1/files: announce a file, send it to the URL you are given, say that it is complete."""

from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import jsonify, url_for
from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.contract import LOCATION, RETRY_AFTER
from backend.api.http.problems import describe_error
from backend.api.http.requests import Blueprint
from backend.api.idempotency import accept_idempotency_key
from backend.api.usage import read_own_quotas
from backend.identity import quotas
from backend.uploads import access, files, receive
from backend.uploads.receive import SizeLimit
from backend.uploads.refusals import unpack_refusal
from backend.uploads.verify import ExpectedFile

PATIENCE_S = 1.0  # most files take far less: their clients need not ask twice
PENDING_FILE = schemas.PendingFileSchema()
NOT_YET: dict[str, Any] = {
    "schema": schemas.PendingFileSchema,
    "description": "It is not taken in yet",
    "headers": {"Location": LOCATION, "Retry-After": RETRY_AFTER},
}

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
    @blueprint.alt_response(202, **NOT_YET)
    def get(self, file_id: UUID) -> Any:
        """Tell what it is.

        202 for one that is not taken in yet, with where it stands.
        """
        return _tell_file(file_id)

    @blueprint.doc(operationId="deleteFile")
    @blueprint.response(204)
    @blueprint.alt_response(409, "Conflict")
    def delete(self, file_id: UUID) -> None:
        """Delete it now, its name included; one that is still to come is expected no more.

        Parts that have come are removed with it. 409 while a job is made of it: delete the data of
        its jobs first.
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
        `/v1/files/complete`. For large files, and where connections break: `beginMultipartUpload`.
        """
        allow_upload(request["size"])
        ttl_s = get_parts().settings.url_ttl_s
        file_id, signed = receive.announce_upload(
            get_parts().db, get_parts().store, get_user_id(), **request, ttl_s=ttl_s
        )
        return {"file_id": file_id, **vars(signed), "expires_at": compute_expiry()}


@blueprint.route("/complete")
class CompleteResource(MethodView):
    """Take a file in."""

    @blueprint.doc(operationId="completeFile")
    @blueprint.arguments(schemas.CompleteRequestSchema)
    @blueprint.response(200, schemas.FileSchema)
    @blueprint.alt_response(202, **NOT_YET)
    @blueprint.alt_response(404, "NotFound")
    @blueprint.alt_response(409, "Conflict")
    def post(self, request: dict[str, Any]) -> Any:
        """Say that the file was sent: it is checked, probed and from then on never changes.

        202 while that goes on: ask again, here or by `getFile`. What was taken in is answered the
        same each time. A file that is refused may be sent again to the same URL; one that came in
        parts is begun anew.
        """
        upload = access.read_upload(get_parts().db, get_user_id(), request["file_id"])
        if upload.completed_at is not None:
            access.check_same_upload(upload, request["sha256"], request["size"])
            return upload
        expected = ExpectedFile(
            size=request["size"] or upload.expected_size,
            sha256=request["sha256"] or upload.expected_sha256,
            limit=_find_limit(upload),
        )
        verification = get_parts().verifier.start(upload, expected)
        if verification is not None and wait([verification], PATIENCE_S).done:
            verification.result()
        return _tell_file(request["file_id"])


def allow_upload(size: int | None) -> SizeLimit:
    """How many bytes whoever asks may send; raises for a file of that size that they may not."""
    return quotas.allow_upload(get_parts().db, get_user_id(), read_own_quotas(), size)


def _find_limit(upload: Any) -> SizeLimit:
    """How many bytes it may have; what comes in parts has its room since it was announced."""
    if upload.part_size is not None:
        return SizeLimit("size", upload.expected_size)
    return allow_upload(None)


def compute_expiry() -> datetime:
    """Until when a URL works that is signed now."""
    return datetime.now(UTC) + timedelta(seconds=get_parts().settings.url_ttl_s)


def _tell_file(file_id: UUID) -> Any:
    """What it is, or where it stands."""
    upload = access.read_upload(get_parts().db, get_user_id(), file_id)
    if upload.completed_at is not None:
        return upload
    refusal = upload.refusal and describe_error(unpack_refusal(upload.refusal))
    status = access.tell_status(upload, datetime.now(UTC))
    told = {"id": upload.id, "role": upload.role, "filename": upload.filename}
    response = jsonify(PENDING_FILE.dump({**told, "status": status, "problem": refusal}))
    response.status_code = 202
    response.headers["Location"] = url_for("files.FileResource", file_id=file_id)
    response.headers["Retry-After"] = "1"
    return response
