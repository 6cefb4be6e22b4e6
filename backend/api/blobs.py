"""/v1/blobs: the signed URLs of the local store. With S3 clients go to the service itself."""

import base64
import binascii
import shutil
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request, send_file

from backend.api.http.context import get_parts
from backend.api.http.cross_origin import allow_any_origin
from backend.api.http.wsgi_bridge import BLOCK
from backend.errors import Conflict, Invalid, NotFound
from backend.uploads import access

blueprint = Blueprint("blobs", __name__, url_prefix="/v1/blobs")
blueprint.after_request(allow_any_origin)


def is_upload(method: str, path: str) -> bool:
    """Whether a request brings a file, by the route of `put` below."""
    return method == "PUT" and path.startswith(f"{blueprint.url_prefix}/")


@blueprint.put("/<token>/<_name>")
def put(token: str, _name: str) -> Response:
    """Receive an object, or a part of one; nothing of it before all else has been looked at."""
    claims = get_parts().local_store.links.verify_claims(token)
    if "get" in claims:
        raise NotFound("This link is for downloading")
    _check_length(claims.get("size"))
    most = claims.get("size") or get_parts().settings.max_upload_bytes
    request.max_content_length = most
    if "part" in claims:
        return _receive_part(*claims["part"])
    return _receive_object(claims["put"])


def _check_length(size: int | None) -> None:
    if size is None:
        return
    if request.content_length is None:
        abort(411, f"Send Content-Length: this URL takes {size} bytes")
    if request.content_length != size:
        told = f"{request.content_length} bytes are announced, this URL takes {size}"
        raise Invalid("Content-Length", told)


def _receive_object(key: str) -> Response:
    """One file; of two that are sent at once, the one that has come first counts."""
    store = get_parts().local_store
    if store.find_size(key) is not None or access.is_complete(get_parts().db, key):
        raise _explain_second()
    try:
        with store.open_writer(key, once=True) as file:
            # Less than was announced ends in an error here (werkzeug's ClientDisconnected).
            shutil.copyfileobj(request.stream, file, BLOCK)
    except FileExistsError:
        raise _explain_second() from None
    return Response(status=204)


def _explain_second() -> Conflict:
    return Conflict("already-uploaded", "This file was sent already: ask for a new upload URL")


def _receive_part(multipart_id: str, number: int) -> Response:
    """A part, which may come again; the answer's ETag is its MD5, as S3 has it."""
    md5 = _read_content_md5()
    etag = get_parts().local_store.store_part(multipart_id, number, _read_blocks(), md5)
    response = Response(status=204)
    response.set_etag(etag)
    return response


def _read_blocks() -> Iterator[bytes]:
    while block := request.stream.read(BLOCK):
        yield block


def _read_content_md5() -> bytes | None:
    """What the part should be (RFC 1864), as clients of S3 send it."""
    given = request.headers.get("Content-MD5")
    try:
        return None if given is None else base64.b64decode(given, validate=True)
    except binascii.Error:
        raise Invalid("Content-MD5", "this is no base64") from None


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
