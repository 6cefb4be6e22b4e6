"""/v1/blobs: the signed URLs of the local store. With S3 clients go to the service itself."""

import shutil

from flask import Blueprint, Response, request, send_file

from backend.api.http.context import get_parts
from backend.api.http.cross_origin import allow_any_origin
from backend.api.http.wsgi_bridge import BLOCK
from backend.errors import Conflict, NotFound
from backend.uploads import access

blueprint = Blueprint("blobs", __name__, url_prefix="/v1/blobs")
blueprint.after_request(allow_any_origin)


def is_upload(method: str, path: str) -> bool:
    """Whether a request brings a file, by the route of `put` below."""
    return method == "PUT" and path.startswith(f"{blueprint.url_prefix}/")


@blueprint.put("/<token>/<_name>")
def put(token: str, _name: str) -> Response:
    """Receive an object, once; nothing of it before all else has been looked at."""
    store = get_parts().local_store
    key = store.links.verify_claims(token).get("put")
    if key is None:
        raise NotFound("This link is for downloading")
    if store.find_size(key) is not None or access.is_complete(get_parts().db, key):
        raise Conflict("already-uploaded", "This file was sent already: ask for a new upload URL")
    request.max_content_length = get_parts().settings.max_upload_bytes
    with store.open_writer(key) as file:
        # Less than was announced ends in an error here (werkzeug's ClientDisconnected).
        shutil.copyfileobj(request.stream, file, BLOCK)
    return Response(status=204)


@blueprint.get("/<token>/<_name>")
def get(token: str, _name: str) -> Response:
    """Send an object, or a range of it."""
    store = get_parts().local_store
    claims = store.links.verify_claims(token)
    if "get" not in claims:
        raise NotFound("This link is for uploading")
    path = store.resolve_path(claims["get"])
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
