"""What requests of jobs ask for, put into the words of the house."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from flask import jsonify

from backend.api import schemas
from backend.api.dispatching import dispatch_and_answer
from backend.api.http.context import get_parts, get_user_id
from backend.api.idempotency import get_claimed_key
from backend.api.usage import read_own_quotas
from backend.jobs import cost_estimates, fit_transcripts, import_transcripts, resume, submit, views
from backend.jobs.fit_transcripts import JobStart
from backend.jobs.offers import read_offer
from backend.pipeline.offers import check_job
from backend.pipeline.params import JobParams, normalize_params
from backend.pipeline.plan import Place
from backend.pipeline.providers import check_providers, choose_providers
from backend.pipeline.stages import ALL_LANGUAGES, Stage


def create_job(request: dict[str, Any]) -> Any:
    """Accept a job; the answer is 202 with it."""
    background_id = request.pop("background_id")
    called = {"name": request.pop("name"), "labels": request.pop("labels")}
    params, media_id, start = _read_params(request)
    _check_offer(params, start)
    given = import_transcripts.import_uploads(
        *(get_parts().db, get_parts().store, get_user_id(), params),
        media_id=media_id,
        start=start,
        limits=get_parts().settings.text_limits,
        scratch=get_parts().scratch,
    )
    files = {"media_id": media_id, "background_id": background_id}
    more = {**called, "given": given, "claimed": get_claimed_key(), "quotas": read_own_quotas()}
    return dispatch_and_answer(
        *submit.create_job(get_parts().db, get_user_id(), params, **files, **more)
    )


def estimate_job(request: dict[str, Any]) -> dict[str, Any]:
    """What a job would do and cost; nothing is written."""
    params, media_id, start = _read_params(request)
    given = _check_offer(params, start)
    known = (get_parts().db, get_parts().prices, get_user_id(), params)
    steps, found = cost_estimates.estimate_job(*known, media_id=media_id, given=given)
    return views.build_plan_view(steps, found)


def _read_params(request: dict[str, Any]) -> tuple[JobParams, UUID, JobStart]:
    """The parameters that a request asks for, its recording, and where it begins."""
    start = JobStart(
        stage=Stage(request["start_from"]),
        transcript_id=request["transcript_id"],
        translations=request["translations"],
    )
    providers = choose_providers(request["providers"], get_parts().settings.providers)
    asked = {name: request[name] for name in JobParams.model_fields if name in request}
    return JobParams(**{**asked, "providers": providers}), request["media_id"], start


def _check_offer(params: JobParams, start: JobStart) -> Collection[Place]:
    """What the user brings, so that nobody does it; raises `Invalid` for what nobody here can."""
    params = normalize_params(params)
    named = fit_transcripts.choose_uploads(params, start)
    # Whoever brings translations need not bring what they were made of.
    given = {(Stage.ASR, ALL_LANGUAGES), *named} if named else set()
    check_job(read_offer(get_parts().db), params, given)
    return given


def run_again(job_id: UUID, request: dict[str, Any]) -> Any:
    """Start another run of a job, or tell what it would do (`dry_run`)."""
    named = request["resume_from"]
    providers = request["overrides"].get("providers")
    if isinstance(providers, Mapping):  # what is none is refused with the other overrides
        check_providers(providers, get_parts().settings.providers)
    wanted = resume.ResumeRequest(
        resume_from=None if named == "auto" else Stage(named),
        from_run=request["from_run_id"],
        languages=tuple(request["languages"]),
        overrides=request["overrides"],
        accept_stale=request["accept_stale"],
    )
    if request["dry_run"]:
        run = resume.prepare_run(get_parts().db, get_parts().store, get_user_id(), job_id, wanted)
        known = (get_parts().db, get_parts().prices, job_id)
        estimates = cost_estimates.estimate_steps(*known, run.params, run.steps)
        told = views.build_plan_view(run.steps, estimates)
        return jsonify(schemas.PlanSchema().dump(told))
    run_id, _ = resume.start_run(
        *(get_parts().db, get_parts().store, get_user_id(), job_id, wanted),
        claimed=get_claimed_key(),
        quotas=read_own_quotas(),
    )
    return dispatch_and_answer(job_id, run_id)
