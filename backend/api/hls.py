"""HLS: a job's playlists, under signed URLs because players send no headers of their own."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import flask
from flask import Response, redirect
from flask.views import MethodView

from backend.api import schemas
from backend.api.dispatching import answer_accepted, send_first_messages
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.contract import LOCATION, RETRY_AFTER
from backend.api.http.cross_origin import allow_any_origin
from backend.api.http.requests import Blueprint
from backend.errors import NotFound
from backend.hls import playlist
from backend.hls.index import Package, Rendition, Role, Stream, list_renditions
from backend.jobs import streams, views
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile

AGAIN_S = 3  # between two looks of a player whose streams are being made

PackagedFiles = Mapping[str, Mapping[str, StoredFile]]  # by language and kind of artifact

blueprint = Blueprint(
    "hls", __name__, url_prefix="/v1/jobs/<uuid:job_id>/hls", description="Streaming"
)
playlists = flask.Blueprint("playlists", __name__, url_prefix="/v1/playlists")
playlists.after_request(allow_any_origin)


@blueprint.route("/master.m3u8")
class MasterPlaylistResource(MethodView):
    """A job as a stream."""

    @blueprint.doc(operationId="getMasterPlaylist")
    @blueprint.arguments(schemas.MasterQuerySchema, location="query")
    @blueprint.response(
        202,
        schemas.JobViewSchema,
        description="They are being made: ask again",
        headers={"Location": LOCATION, "Retry-After": RETRY_AFTER},
    )
    @blueprint.alt_response(409, "Conflict")
    @blueprint.alt_response(
        302,
        description="To a URL that works for a short time",
        headers={"Location": LOCATION},
    )
    def get(self, query: dict[str, Any], job_id: UUID) -> Any:
        """Stream the finished languages: picture, each dub, the original sound, subtitles.

        Those whose picture is held (`timing.policy` `extend`) have one each: name the `language`.
        The URLs in the playlists work as long as the recording lasts, and URL_TTL_S more.

        Of a dub made without streams (`hls: false`) they are made now: 202 until they are there.
        """
        wanted = query["language"]
        files = views.read_streamable_files(get_parts().db, get_user_id(), job_id)
        if not files or wanted not in (None, *files):
            return _order_streams(job_id, wanted)
        return redirect(build_master_url(get_user_id(), job_id, wanted or next(iter(files))))


def choose_language(user_id: UUID, job_id: UUID, wanted: str | None) -> str:
    """The language to begin with; raises `NotFound` when there is nothing of it."""
    return _choose_language(wanted, views.read_streamable_files(get_parts().db, user_id, job_id))


def build_master_url(user_id: UUID, job_id: UUID, language: str) -> str:
    """A master playlist's signed URL, for whoever has it."""
    claims = {"job": str(job_id), "user": str(user_id), "language": language}
    return _sign_url(claims, "master", _compute_lifetime())


@playlists.get("/<token>/<_name>.m3u8")
def get(token: str, _name: str) -> Response:
    """A playlist, written for the files that are the latest now."""
    claims = get_parts().playlist_links.verify_claims(token)
    files = views.read_streamable_files(get_parts().db, UUID(claims["user"]), UUID(claims["job"]))
    text = (
        _build_media_playlist(claims, files)
        if "role" in claims
        else _build_master_playlist(claims, files)
    )
    return Response(text, mimetype=playlist.MIME)


def _order_streams(job_id: UUID, language: str | None) -> Any:
    parts = get_parts()
    run_id = streams.order_streams(parts.db, parts.store, get_user_id(), job_id, language)
    if run_id is not None:
        send_first_messages(run_id)
    job, status, headers = answer_accepted(job_id)
    return job, status, {**headers, "Retry-After": str(AGAIN_S)}


def _build_master_playlist(claims: dict[str, Any], files: PackagedFiles) -> str:
    packages = {language: _load_package(of[ArtifactKind.HLS]) for language, of in files.items()}
    first = packages.pop(_choose_language(claims["language"], files))
    found = list_renditions([first, *(o for o in packages.values() if o.source == first.source)])
    target = playlist.compute_shared_target(found)
    urls = [_build_media_url(claims, one, target) for one in found]
    return playlist.format_master_playlist(found, urls)


def _build_media_url(claims: dict[str, Any], one: Rendition, target: int) -> str:
    if one.role is Role.SUBTITLES:
        target = playlist.compute_target_duration([one.stream])
    place = {"language": one.package, "role": one.role, "target": target}
    return _sign_url(
        {**claims, **place}, f"{one.package}-{one.role}", _compute_lifetime(one.stream)
    )


def _build_media_playlist(claims: dict[str, Any], files: PackagedFiles) -> str:
    language, role = _choose_language(claims["language"], files), Role(claims["role"])
    stream = _load_package(files[language][ArtifactKind.HLS]).streams[role]
    file = files[language][role.kind]
    url = get_parts().store.sign_download_url(
        file.key, file.filename, file.mime, _compute_lifetime(stream)
    )
    return playlist.format_media_playlist(stream, url, claims["target"])


def _choose_language(language: str | None, files: PackagedFiles) -> str:
    """The language, by default the first; raises `NotFound` when there is nothing of it."""
    language = language or next(iter(files), None)
    if language is None or language not in files:
        raise NotFound("There is nothing to stream in this language any more: ask the job again")
    return language


def _load_package(file: StoredFile) -> Package:
    return _load_once(file.key)


@lru_cache(256)  # a player asks for a playlist a stream, and the key tells the content
def _load_once(key: str) -> Package:
    with TemporaryDirectory(dir=get_parts().scratch) as folder:
        path = Path(folder) / "hls.json"
        get_parts().store.fetch(key, path)
        return Package.model_validate_json(path.read_bytes())


def _sign_url(claims: dict[str, Any], name: str, life: timedelta) -> str:
    token = get_parts().playlist_links.sign_claims(claims, life)
    return f"{get_parts().settings.api_url}/v1/playlists/{token}/{name}.m3u8"


def _compute_lifetime(stream: Stream | None = None) -> timedelta:
    """How long a URL works: whoever has begun to watch can watch to the end."""
    watching = stream.duration if stream else 0.0
    return timedelta(seconds=get_parts().settings.url_ttl_s + watching)
