"""/v1/files/multipart: large files in parts, each sent by itself, and again where that failed."""

from typing import Any
from uuid import UUID

from flask import url_for
from flask.views import MethodView

from backend.api import schemas
from backend.api.files import allow_upload, compute_expiry
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.contract import LOCATION
from backend.api.http.requests import Blueprint
from backend.api.idempotency import accept_idempotency_key
from backend.uploads import multipart

blueprint = Blueprint(
    "multipart", __name__, url_prefix="/v1/files/multipart", description="Large files, in parts"
)


@blueprint.route("")
class MultipartUploadsResource(MethodView):
    """Files that are to come in parts."""

    @accept_idempotency_key
    @blueprint.doc(operationId="beginMultipartUpload")
    @blueprint.arguments(schemas.MultipartRequestSchema)
    @blueprint.response(201, schemas.MultipartUploadSchema, headers={"Location": LOCATION})
    @blueprint.alt_response(409, "Conflict")
    def post(self, request: dict[str, Any]) -> Any:
        """Announce a file that comes in parts.

        Ask for URLs of parts (`signUploadParts`), send each part to its own, in any order and
        several at a time, then `POST /v1/files/complete`. A part that failed is sent again; after
        a break `getMultipartUpload` tells which have come. One that nobody completes is ended
        after seven days; `DELETE /v1/files/{file_id}` ends it now.
        """
        allow_upload(request["size"])
        upload = multipart.begin_multipart(
            get_parts().db, get_parts().store, get_user_id(), **request
        )
        where = url_for("multipart.MultipartUploadResource", file_id=upload.id)
        return _describe(upload), 201, {"Location": where}


@blueprint.route("/<uuid:file_id>")
class MultipartUploadResource(MethodView):
    """One file that comes in parts."""

    @blueprint.doc(operationId="getMultipartUpload")
    @blueprint.response(200, schemas.MultipartUploadSchema)
    @blueprint.alt_response(409, "Conflict")
    def get(self, file_id: UUID) -> dict[str, Any]:
        """Tell which parts have come.

        409 when the file was taken in already.
        """
        return _describe(multipart.read_multipart(get_parts().db, get_user_id(), file_id))


@blueprint.route("/<uuid:file_id>/parts")
class UploadPartsResource(MethodView):
    """Parts that are to be sent."""

    @blueprint.doc(operationId="signUploadParts")
    @blueprint.arguments(schemas.PartsRequestSchema)
    @blueprint.response(200, schemas.SignedPartSchema(many=True))
    @blueprint.alt_response(409, "Conflict")
    def post(self, request: dict[str, Any], file_id: UUID) -> list[dict[str, Any]]:
        """Get a URL for each of these parts; it works for a short time.

        Send the part's bytes to it by the method and with the headers that are told. With a
        `Content-MD5` header storage compares what comes. A part that has come already is replaced.
        """
        parts = get_parts()
        upload = multipart.read_multipart(parts.db, get_user_id(), file_id)
        plan, ttl_s = multipart.get_plan(upload), parts.settings.url_ttl_s
        expires_at = compute_expiry()
        return [
            {
                "number": number,
                "size": plan.compute_size(number),
                **vars(multipart.sign_part(parts.store, upload, number, ttl_s)),
                "expires_at": expires_at,
            }
            for number in request["numbers"]
        ]


def _describe(upload: Any) -> dict[str, Any]:
    plan = multipart.get_plan(upload)
    return {
        "file_id": upload.id,
        "role": upload.role,
        "filename": upload.filename,
        "size": plan.size,
        "part_size": plan.part_size,
        "part_count": plan.count,
        "parts": multipart.list_parts(get_parts().store, upload),
        "expires_at": upload.created_at + multipart.ABANDONED_AFTER,
    }
