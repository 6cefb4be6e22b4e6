"""/v1/jobs: ask for a dub or a transcription, watch it, get its files, run it again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import jsonify, redirect
from flask.views import MethodView

from backend.api import schemas
from backend.api.dispatching import accepted
from backend.api.http.context import parts, user_id
from backend.api.http.requests import Blueprint
from backend.jobs import cost_estimates, import_transcripts, resume, submit, views
from backend.jobs.fit_transcripts import Start
from backend.pipeline.params import JobParams, Providers
from backend.pipeline.stages import Stage

blueprint = Blueprint("jobs", __name__, url_prefix="/v1/jobs", description="Dubs, transcriptions")


@blueprint.route("")
class Jobs(MethodView):
    """All jobs."""

    @blueprint.arguments(schemas.JobRequest)
    @blueprint.response(202, schemas.JobView)
    def post(self, request: dict[str, Any]) -> Any:
        """Ask for a dub or a transcription; it is accepted when this answers 202."""
        return _create(request)

    @blueprint.arguments(schemas.JobQuery, location="query")
    @blueprint.response(200, schemas.JobPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List jobs, newest first."""
        return views.page(parts().db, user_id(), **query)


@blueprint.route("/<uuid:job_id>")
class Job(MethodView):
    """One job."""

    @blueprint.response(200, schemas.JobView)
    def get(self, job_id: UUID) -> dict[str, Any]:
        """Tell how it goes: languages, stages, files."""
        return views.job(parts().db, user_id(), job_id)

    @blueprint.response(202, schemas.JobView)
    @blueprint.alt_response(200, schema=schemas.JobView, description="It had ended already")
    def delete(self, job_id: UUID) -> tuple[dict[str, Any], int]:
        """Cancel it; what is finished is kept and can be resumed from."""
        cancelling = submit.cancel(parts().db, user_id(), job_id)
        return views.job(parts().db, user_id(), job_id), 202 if cancelling else 200


@blueprint.route("/<uuid:job_id>/retry")
class Retry(MethodView):
    """Another run of a job."""

    @blueprint.arguments(schemas.RetryRequest)
    @blueprint.response(202, schemas.JobView)
    @blueprint.alt_response(200, schema=schemas.Plan, description="The plan, for a dry run")
    def post(self, request: dict[str, Any], job_id: UUID) -> Any:
        """Run a job again from a stage, or from the first one whose inputs changed (`auto`)."""
        return _run_again(job_id, request)


@blueprint.route("/translate")
class Translate(MethodView):
    """The front door for dubs: new ones, and further runs of them."""

    @blueprint.arguments(schemas.TranslateRequest)
    @blueprint.response(202, schemas.JobView)
    @blueprint.alt_response(200, schema=schemas.Plan, description="The plan, for a dry run")
    def post(self, request: dict[str, Any]) -> Any:
        """Dub a file (`mediaId`), or run a job again (`jobId`, with `resumeFrom`)."""
        if request["job_id"] is None:
            return _create({name: request[name] for name in schemas.JobRequest().fields})
        return _run_again(request["job_id"], request)


@blueprint.route("/<uuid:job_id>/runs")
class Runs(MethodView):
    """A job's history, run by run."""

    @blueprint.response(200, schemas.RunView(many=True))
    def get(self, job_id: UUID) -> list[dict[str, Any]]:
        """Tell what each run executed and what it reused."""
        return views.runs(parts().db, user_id(), job_id)


@blueprint.route("/<uuid:job_id>/events")
class Events(MethodView):
    """A job's history, event by event."""

    @blueprint.response(200, schemas.EventView(many=True))
    def get(self, job_id: UUID) -> list[dict[str, Any]]:
        """Tell all that happened, attempts and their errors included."""
        return views.events(parts().db, user_id(), job_id)


@blueprint.route("/<uuid:job_id>/download")
class Download(MethodView):
    """A job's files."""

    @blueprint.arguments(schemas.DownloadQuery, location="query")
    @blueprint.alt_response(302, description="To a URL that works for a short time")
    def get(self, query: dict[str, Any], job_id: UUID) -> Any:
        """Get an artifact by its name, for example `es/dub.mp4`."""
        file = views.artifact(parts().db, user_id(), job_id, query["artifact"])
        ttl = timedelta(seconds=parts().settings.url_ttl_s)
        return redirect(parts().store.download_url(file.key, file.filename, file.mime, ttl))


def _create(request: dict[str, Any]) -> Any:
    media_id, background_id = request.pop("media_id"), request.pop("background_id")
    start = Start(
        stage=Stage(request.pop("start_from")),
        transcript_id=request.pop("transcript_id"),
        translations=request.pop("translations"),
    )
    params = JobParams(**request, providers=_providers())
    given = import_transcripts.prepare(
        *(parts().db, parts().store, user_id(), params),
        media_id=media_id,
        start=start,
        scratch=parts().scratch,
    )
    files = {"media_id": media_id, "background_id": background_id}
    return accepted(*submit.create(parts().db, user_id(), params, **files, given=given))


def _run_again(job_id: UUID, request: dict[str, Any]) -> Any:
    named = request["resume_from"]
    wanted = resume.Resume(
        resume_from=None if named == "auto" else Stage(named),
        from_run=request["from_run_id"],
        languages=tuple(request["languages"]),
        overrides=request["overrides"],
        accept_stale=request["accept_stale"],
    )
    if request["dry_run"]:
        run = resume.prepare_run(parts().db, parts().store, user_id(), job_id, wanted)
        costs = cost_estimates.estimates(parts().db, job_id, run.params, run.steps)
        told = views.plan(run.steps, costs)
        return jsonify(schemas.Plan().dump(told))
    run_id, _ = resume.start_run(parts().db, parts().store, user_id(), job_id, wanted)
    return accepted(job_id, run_id)


def _providers() -> Providers:
    settings = parts().settings
    return Providers(
        transcription=settings.transcription_backend,
        translation=settings.translation_backend,
        tts=settings.tts_backend,
    )
