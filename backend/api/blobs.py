"""/v1/blobs: the signed URLs of the local store. With S3 clients go to the service itself."""

import shutil

from flask import Blueprint, Response, request, send_file

from backend.api.http.context import parts
from backend.api.http.cross_origin import allow_any
from backend.errors import Conflict, NotFound
from backend.storage.local import CHUNK
from backend.uploads import access

blueprint = Blueprint("blobs", __name__, url_prefix="/v1/blobs")
blueprint.after_request(allow_any)


@blueprint.put("/<token>/<_name>")
def put(token: str, _name: str) -> Response:
    """Receive an object, once."""
    store = parts().local_store
    key = store.links.claims(token).get("put")
    if key is None:
        raise NotFound("This link is for downloading")
    if store.size(key) is not None or access.is_complete(parts().db, key):
        raise Conflict("already-uploaded", "This file was sent already: ask for a new upload URL")
    request.max_content_length = parts().settings.max_upload_bytes
    with store.writer(key) as file:
        # Less than was announced ends in an error here (werkzeug's ClientDisconnected).
        shutil.copyfileobj(request.stream, file, CHUNK)
    return Response(status=204)


@blueprint.get("/<token>/<_name>")
def get(token: str, _name: str) -> Response:
    """Send an object, or a range of it."""
    store = parts().local_store
    claims = store.links.claims(token)
    if "get" not in claims:
        raise NotFound("This link is for uploading")
    path = store.path(claims["get"])
    if not path.exists():
        raise NotFound("Storage no longer has this file")
    return send_file(
        path,
        mimetype=claims["mime"],
        as_attachment=True,
        download_name=claims["name"],
        conditional=True,
        etag=claims["get"],
    )
