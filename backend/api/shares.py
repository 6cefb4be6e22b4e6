"""Share links: made by a job's owner, opened by whoever has one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import redirect, url_for
from flask.views import MethodView

from backend.api import schemas
from backend.api.hls import build_master_url, choose_language
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.requests import Blueprint
from backend.errors import NotFound
from backend.jobs import shares, views
from backend.jobs.shares import SharedJob
from backend.pipeline.stages import Stage

blueprint = Blueprint(
    "shares", __name__, url_prefix="/v1/jobs/<uuid:job_id>/shares", description="Links to a job"
)
shared = Blueprint("shared", __name__, url_prefix="/v1/shared", description="What links show")

# What there is to watch and to read; neither drafts nor the stages' working files.
WATCHED = (Stage.MIX, Stage.JOIN)


@blueprint.route("")
class SharesResource(MethodView):
    """A job's links."""

    @blueprint.response(200, schemas.ShareLinkSchema(many=True))
    @blueprint.doc(operationId="listShareLinks")
    def get(self, job_id: UUID) -> Any:
        """List them, newest first; none shows its token.

        Those that expired or were revoked too.
        """
        return shares.list_links(get_parts().db, get_user_id(), job_id)

    @blueprint.arguments(schemas.ShareRequestSchema)
    @blueprint.response(201, schemas.NewShareLinkSchema)
    @blueprint.doc(operationId="createShareLink")
    def post(self, request: dict[str, Any], job_id: UUID) -> dict[str, Any]:
        """Make one; keep its URL, which is not shown again.

        It shows the finished dubs, with captions and reports, and no drafts.
        """
        life = timedelta(seconds=request["expires_in"])
        link = shares.create_link(get_parts().db, get_user_id(), job_id, life)
        path = url_for("shared.SharedJobResource", link=link.token)
        return {**vars(link), "url": f"{get_parts().settings.api_url}{path}"}


@blueprint.route("/<uuid:link_id>")
class ShareResource(MethodView):
    """One link."""

    @blueprint.response(204)
    @blueprint.doc(operationId="revokeShareLink")
    def delete(self, job_id: UUID, link_id: UUID) -> None:
        """Revoke it: from now on it shows nothing.

        What is being watched by it goes on until its own URLs expire.
        """
        shares.revoke_link(get_parts().db, get_user_id(), job_id, link_id)


@shared.route("/<secret:link>")
class SharedJobResource(MethodView):
    """A job that was shared."""

    @shared.response(200, schemas.SharedJobSchema)
    @shared.doc(operationId="getSharedJob")
    def get(self, link: str) -> dict[str, Any]:
        """Tell what there is to watch.

        Whoever has the link may ask.
        """
        found = _open(link)
        job = views.read_job_view(get_parts().db, found.user_id, found.job_id)
        return {**job, "expires_at": found.expires_at, "artifacts": _list_watched(job)}


@shared.route("/<secret:link>/download")
class SharedDownloadResource(MethodView):
    """Files of a job that was shared."""

    @shared.arguments(schemas.DownloadQuerySchema, location="query")
    @shared.alt_response(302, description="To a URL that works for a short time")
    @shared.doc(operationId="downloadSharedFile")
    def get(self, query: dict[str, Any], link: str) -> Any:
        """Get one of them by its name.

        Only what is to be watched, as the link tells it.
        """
        found, name = _open(link), query["artifact"]
        db, store = get_parts().db, get_parts().store
        job = views.read_job_view(db, found.user_id, found.job_id)
        if name not in {one["name"] for one in _list_watched(job)}:
            raise NotFound(f"This link shows no file '{name}'")
        file = views.read_artifact_file(db, found.user_id, found.job_id, name)
        life = timedelta(seconds=get_parts().settings.url_ttl_s)
        return redirect(store.sign_download_url(file.key, file.filename, file.mime, life))


@shared.route("/<secret:link>/master.m3u8")
class SharedStreamResource(MethodView):
    """A job that was shared, as a stream."""

    @shared.arguments(schemas.MasterQuerySchema, location="query")
    @shared.alt_response(302, description="To a URL that works for a short time")
    @shared.doc(operationId="streamSharedJob")
    def get(self, query: dict[str, Any], link: str) -> Any:
        """Stream it.

        As the job's own streams, of which the link hands out signed URLs.
        """
        found = _open(link)
        language = choose_language(found.user_id, found.job_id, query["language"])
        return redirect(build_master_url(found.user_id, found.job_id, language))


def _open(token: str) -> SharedJob:
    return shares.open_link(get_parts().db, token)


def _list_watched(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in job["artifacts"] if one["stage"] in WATCHED]
