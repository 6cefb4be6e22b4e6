"""HLS: a job's playlists, under signed URLs because players send no headers of their own."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import flask
from flask import Response, redirect
from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import parts, user_id
from backend.api.http.cross_origin import allow_any
from backend.api.http.requests import Blueprint
from backend.errors import NotFound
from backend.hls import playlist
from backend.hls.index import Package, Rendition, Role, Stream, renditions
from backend.jobs import views
from backend.pipeline.files import StoredFile

Files = Mapping[str, Mapping[str, StoredFile]]  # by language and kind of artifact

blueprint = Blueprint(
    "hls", __name__, url_prefix="/v1/jobs/<uuid:job_id>/hls", description="Streaming"
)
playlists = flask.Blueprint("playlists", __name__, url_prefix="/v1/playlists")
playlists.after_request(allow_any)


@blueprint.route("/master.m3u8")
class Master(MethodView):
    """A job as a stream."""

    @blueprint.arguments(schemas.MasterQuery, location="query")
    @blueprint.alt_response(302, description="To a URL that works for a short time")
    def get(self, query: dict[str, Any], job_id: UUID) -> Any:
        """Stream the finished languages: picture, each dub, the original sound, subtitles.

        Those whose picture is held (`timing.policy` `extend`) have one each: name the `language`.
        The URLs in the playlists work as long as the recording lasts, and URL_TTL_S more.
        """
        language = _known(query["language"], views.packaged(parts().db, user_id(), job_id))
        claims = {"job": str(job_id), "user": str(user_id()), "language": language}
        return redirect(_url(claims, "master", _life()))


@playlists.get("/<token>/<_name>.m3u8")
def get(token: str, _name: str) -> Response:
    """A playlist, written for the files that are the latest now."""
    claims = parts().playlist_links.claims(token)
    files = views.packaged(parts().db, UUID(claims["user"]), UUID(claims["job"]))
    text = _media(claims, files) if "role" in claims else _master(claims, files)
    return Response(text, mimetype=playlist.MIME)


def _master(claims: dict[str, Any], files: Files) -> str:
    packages = {language: _package(of["hls"]) for language, of in files.items()}
    first = packages.pop(_known(claims["language"], files))
    found = renditions([first, *(o for o in packages.values() if o.source == first.source)])
    target = playlist.shared_target(found)
    urls = [_media_url(claims, one, target) for one in found]
    return playlist.master(found, urls)


def _media_url(claims: dict[str, Any], one: Rendition, target: int) -> str:
    if one.role is Role.SUBTITLES:
        target = playlist.target_duration([one.stream])
    place = {"language": one.package, "role": one.role, "target": target}
    return _url({**claims, **place}, f"{one.package}-{one.role}", _life(one.stream))


def _media(claims: dict[str, Any], files: Files) -> str:
    language, role = _known(claims["language"], files), Role(claims["role"])
    stream = _package(files[language]["hls"]).streams[role]
    file = files[language][role.kind]
    url = parts().store.download_url(file.key, file.filename, file.mime, _life(stream))
    return playlist.media(stream, url, claims["target"])


def _known(language: str | None, files: Files) -> str:
    """The language, by default the first; raises `NotFound` when there is nothing of it."""
    if language is None:
        return next(iter(files))
    if language not in files:
        raise NotFound(f"There is nothing to stream in '{language}', but in {', '.join(files)}")
    return language


def _package(file: StoredFile) -> Package:
    with TemporaryDirectory(dir=parts().scratch) as folder:
        path = Path(folder) / "hls.json"
        parts().store.fetch(file.key, path)
        return Package.model_validate_json(path.read_bytes())


def _url(claims: dict[str, Any], name: str, life: timedelta) -> str:
    token = parts().playlist_links.token(claims, life)
    return f"{parts().settings.api_url}/v1/playlists/{token}/{name}.m3u8"


def _life(stream: Stream | None = None) -> timedelta:
    """How long a URL works: whoever has begun to watch can watch to the end."""
    watching = stream.duration if stream else 0.0
    return timedelta(seconds=parts().settings.url_ttl_s + watching)
