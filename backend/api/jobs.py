"""/v1/jobs: ask for a dub or a transcription, watch it, get its files, run it again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, redirect
from flask.views import MethodView

from backend.api import job_requests, schemas
from backend.api.http.conditional import ETAG, IF_NONE_MATCH, answer_conditionally
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.contract import LOCATION
from backend.api.http.requests import Blueprint
from backend.api.idempotency import accept_idempotency_key
from backend.documents.languages import normalize
from backend.jobs import (
    costs,
    deletion,
    labels,
    listing,
    submit,
    views,
)
from backend.jobs.listing import JobFilter

JOB_VIEW = schemas.JobViewSchema()  # made once: that takes longer than to use it
blueprint = Blueprint("jobs", __name__, url_prefix="/v1/jobs", description="Dubs, transcriptions")


@blueprint.route("")
class JobsResource(MethodView):
    """All jobs."""

    @accept_idempotency_key
    @blueprint.doc(operationId="createJob")
    @blueprint.arguments(schemas.JobRequestSchema)
    @blueprint.response(202, schemas.JobViewSchema, headers={"Location": LOCATION})
    @blueprint.alt_response(409, "Conflict")
    def post(self, request: dict[str, Any]) -> Any:
        """Ask for a dub or a transcription; it is accepted when this answers 202.

        What is accepted is done, whatever process ends meanwhile: watch it at `Location`.
        """
        return job_requests.create_job(request)

    @blueprint.doc(operationId="listJobs")
    @blueprint.arguments(schemas.JobQuerySchema, location="query")
    @blueprint.response(200, schemas.JobPageSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List jobs, newest first, all or those that are looked for.

        Page by page: `next` of one page is `before` of the next one.
        """
        limit, before = query.pop("limit"), query.pop("before")
        if query["language"] is not None:
            query["language"] = normalize(query["language"], "language")
        wanted = JobFilter(**query)
        return listing.read_job_page(
            get_parts().db, get_user_id(), wanted, limit=limit, before=before
        )


@blueprint.route("/<uuid:job_id>")
class JobResource(MethodView):
    """One job."""

    @blueprint.doc(operationId="getJob", parameters=[IF_NONE_MATCH])
    @blueprint.response(200, schemas.JobViewSchema, headers={"ETag": ETAG})
    @blueprint.alt_response(304, description="It is as it was", headers={"ETag": ETAG})
    def get(self, job_id: UUID) -> Response:
        """Tell how it goes: languages, stages, files.

        The files of an earlier run are told until a newer one has made its own.
        """
        view = views.read_job_view(get_parts().db, get_user_id(), job_id)
        return answer_conditionally(JOB_VIEW.dump(view))

    @blueprint.doc(operationId="updateJob")
    @blueprint.arguments(schemas.JobChangeSchema)
    @blueprint.response(200, schemas.JobViewSchema)
    def patch(self, change: dict[str, Any], job_id: UUID) -> dict[str, Any]:
        """Change what it is called or filed under.

        What it makes is changed by a further run (`retryJob` with `overrides`).
        """
        labels.change_job(get_parts().db, get_user_id(), job_id, change)
        return views.read_job_view(get_parts().db, get_user_id(), job_id)

    @blueprint.doc(operationId="cancelJob")
    @blueprint.response(202, schemas.JobViewSchema)
    @blueprint.alt_response(200, schema=schemas.JobViewSchema, description="It had ended already")
    def delete(self, job_id: UUID) -> tuple[dict[str, Any], int]:
        """Cancel it; what is finished is kept and can be resumed from.

        Stages that run come to an end within seconds. 200 tells that the job had ended already.
        """
        cancelling = submit.cancel_job(get_parts().db, get_user_id(), job_id)
        return views.read_job_view(
            get_parts().db, get_user_id(), job_id
        ), 202 if cancelling else 200


@blueprint.route("/<uuid:job_id>/data")
class JobDataResource(MethodView):
    """What a job has made and was told."""

    @blueprint.doc(operationId="deleteJobData")
    @blueprint.response(200, schemas.JobViewSchema)
    @blueprint.alt_response(409, "Conflict")
    def delete(self, job_id: UUID) -> dict[str, Any]:
        """Delete its files and texts now.

        Also what is kept to be paid for once (speech, translations), unless another job has used
        it. Its uploads stay: delete them by `DELETE /v1/files/{file_id}`. What is left tells that
        there was a job, what it cost, and when its data was deleted. 409 while a run goes on.
        """
        deletion.delete_data(get_parts().db, get_parts().store, get_user_id(), job_id)
        return views.read_job_view(get_parts().db, get_user_id(), job_id)


@blueprint.route("/estimate")
class EstimateResource(MethodView):
    """A job that is not asked for yet."""

    @blueprint.doc(operationId="estimateJob")
    @blueprint.arguments(schemas.JobRequestSchema)
    @blueprint.response(200, schemas.PlanSchema)
    def post(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tell what a job would do and cost, and do nothing.

        By list prices, for the length of the recording. What was bought before for the same lines
        is not bought again, so that the true cost may be less.
        """
        return job_requests.estimate_job(request)


@blueprint.route("/<uuid:job_id>/retry")
class RetryResource(MethodView):
    """Another run of a job."""

    @accept_idempotency_key
    @blueprint.doc(operationId="retryJob")
    @blueprint.arguments(schemas.RetryRequestSchema)
    @blueprint.response(202, schemas.JobViewSchema, headers={"Location": LOCATION})
    @blueprint.alt_response(409, "Conflict")
    @blueprint.alt_response(200, schema=schemas.PlanSchema, description="The plan, for a dry run")
    def post(self, request: dict[str, Any], job_id: UUID) -> Any:
        """Run a job again from a stage, or from the first one whose inputs changed (`auto`).

        What comes before is taken over from earlier runs, and costs nothing. With `dryRun` nothing
        is done: the answer is the plan and what it would cost.
        """
        return job_requests.run_again(job_id, request)


@blueprint.route("/translate")
class TranslateResource(MethodView):
    """The front door for dubs: new ones, and further runs of them."""

    @accept_idempotency_key
    @blueprint.doc(operationId="translateMedia")
    @blueprint.arguments(schemas.TranslateRequestSchema)
    @blueprint.response(202, schemas.JobViewSchema, headers={"Location": LOCATION})
    @blueprint.alt_response(404, "NotFound")
    @blueprint.alt_response(409, "Conflict")
    @blueprint.alt_response(200, schema=schemas.PlanSchema, description="The plan, for a dry run")
    def post(self, request: dict[str, Any]) -> Any:
        """Dub a file (`mediaId`), or run a job again (`jobId`, with `resumeFrom`).

        The same as `POST /v1/jobs` and `POST /v1/jobs/{job_id}/retry`, at one address.
        """
        if request["job_id"] is None:
            return job_requests.create_job(
                {name: request[name] for name in schemas.JobRequestSchema().fields}
            )
        return job_requests.run_again(request["job_id"], request)


@blueprint.route("/<uuid:job_id>/runs")
class RunsResource(MethodView):
    """A job's history, run by run."""

    @blueprint.doc(operationId="listJobRuns")
    @blueprint.response(200, schemas.RunViewSchema(many=True))
    def get(self, job_id: UUID) -> list[dict[str, Any]]:
        """Tell what each run executed and what it reused.

        The first run first. Runs are never changed once they have ended.
        """
        return views.read_runs(get_parts().db, get_user_id(), job_id)


@blueprint.route("/<uuid:job_id>/costs")
class CostsResource(MethodView):
    """What a job has cost."""

    @blueprint.doc(operationId="getJobCosts")
    @blueprint.response(200, schemas.JobCostsSchema)
    def get(self, job_id: UUID) -> dict[str, Any]:
        """Tell what each stage of each run used and cost, their sums, and what reuse has saved.

        Units are as the provider counts them; stages that cost nothing are told too.
        """
        return costs.read_costs(get_parts().db, get_user_id(), job_id)


@blueprint.route("/<uuid:job_id>/download")
class DownloadResource(MethodView):
    """A job's files."""

    @blueprint.doc(operationId="downloadArtifact")
    @blueprint.arguments(schemas.DownloadQuerySchema, location="query")
    @blueprint.alt_response(
        302,
        description="To a URL that works for a short time",
        headers={"Location": LOCATION},
    )
    def get(self, query: dict[str, Any], job_id: UUID) -> Any:
        """Get an artifact by its name, for example `es/dub.mp4`.

        The name is as in `artifacts` of the job. Ranges may be asked of the URL it leads to.
        """
        file = views.read_artifact_file(get_parts().db, get_user_id(), job_id, query["artifact"])
        ttl = timedelta(seconds=get_parts().settings.url_ttl_s)
        return redirect(
            get_parts().store.sign_download_url(file.key, file.filename, file.mime, ttl)
        )
