"""Running a job again: from a named stage, or from the first whose inputs changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from backend.artifacts import reusable, revisions
from backend.artifacts.reusable import ReuseCandidate
from backend.database.engine import Database
from backend.database.models.jobs import Job
from backend.database.models.runs import Run
from backend.database.models.uploads import Upload
from backend.errors import Conflict, Invalid
from backend.identity.quotas import Quotas, admit_minutes, admit_run
from backend.jobs import access
from backend.jobs.idempotency import ClaimedKey
from backend.jobs.labels import add_languages, list_new_languages
from backend.jobs.offers import read_offer
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.offers import Offer, check_job
from backend.pipeline.params import (
    Bed,
    JobParams,
    apply_overrides,
    normalize_languages,
    normalize_params,
)
from backend.pipeline.plan import GivenFiles, Place, Step, plan
from backend.pipeline.stages import Stage
from backend.runs import completion, create, events
from backend.storage.base import BlobStore

RUNNING = "job-running"  # the conflict of a run that is asked for while another one goes on


@dataclass(frozen=True)
class ResumeRequest:
    """How to run a job again; `resume_from` None means `auto`, empty `languages` all of them."""

    resume_from: Stage | None = None
    from_run: UUID | None = None
    languages: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    accept_stale: bool = False


@dataclass(frozen=True)
class PlannedRun:
    """What a new run would execute and reuse, and on which state of the job that rests."""

    params: JobParams
    steps: list[Step]
    last_run: int
    edited: Mapping[Place, GivenFiles]
    made: Mapping[Place, Sequence[ReuseCandidate]]

    def is_outdated(self, connection: Connection, job_id: UUID) -> bool:
        """Whether a run or an edit came in between; the job's row must be locked."""
        last_run = connection.execute(select(Job.last_run).where(Job.id == job_id)).scalar_one()
        return (last_run, _find_edits(connection, job_id, self.made)) != (
            *(self.last_run, self.edited),
        )


def prepare_run(
    db: Database, store: BlobStore, user_id: UUID, job_id: UUID, asked: ResumeRequest
) -> PlannedRun:
    """What a new run would execute and reuse; changes nothing.

    Raises `NotFound`, `Invalid` and `Conflict` as a resume does.
    """
    with db.read() as connection:
        job = access.read_job(connection, user_id, job_id)
        if job.data_deleted_at is not None:
            raise Conflict("data-deleted", "The data of this job was deleted: ask for a new one")
        _check_run(connection, job_id, asked.from_run)
        params = JobParams.model_validate(_read_params(connection, job_id, asked.from_run))
        uploads = _read_upload_hashes(connection, job)
        made = reusable.find_candidates(connection, job_id, asked.from_run)
        edited = _find_edits(connection, job_id, made)
    wanted = normalize_languages(asked.languages) or params.target_languages
    known = {"target_languages": tuple(dict.fromkeys((*params.target_languages, *wanted)))}
    params = normalize_params(apply_overrides(params.model_copy(update=known), asked.overrides))
    if params.bed is Bed.BACKGROUND and job.background_id is None:
        raise Invalid("overrides.bed", "this job has no background file; that is a new job")
    steps = plan(
        params,
        wanted,
        asked.resume_from,
        reusable.look_up(store, made),
        uploads,
        edited=edited,
        accept_stale=asked.accept_stale,
    )
    params = params.model_copy(update={"target_languages": wanted})
    _check_offer(read_offer(db), params, steps)
    return PlannedRun(params, steps, job.last_run, edited, made)


def _check_offer(offer: Offer, params: JobParams, steps: Sequence[Step]) -> None:
    """Raise `Invalid` for what is to be executed and nobody here can do."""
    there = {(step.stage, step.language) for step in steps if not step.executed}
    try:
        check_job(offer, params, there)
    except Invalid as problem:
        field = "languages" if problem.field == "targetLanguages" else f"overrides.{problem.field}"
        raise Invalid(field, str(problem)) from None


def _find_edits(
    connection: Connection, job_id: UUID, made: Mapping[Place, Sequence[ReuseCandidate]]
) -> dict[Place, GivenFiles]:
    return revisions.find_pending_edits(connection, job_id, partial(_is_current, made))


def _is_current(made: Mapping[Place, Sequence[ReuseCandidate]], language: str, sha256: str) -> bool:
    """Whether the latest run has these lines already."""
    latest = made.get((Stage.MT, language), ())
    return bool(latest) and latest[0].result.outputs.get(ArtifactKind.SEGMENTS) == sha256


def start_run(
    db: Database,
    store: BlobStore,
    user_id: UUID,
    job_id: UUID,
    asked: ResumeRequest,
    *,
    claimed: ClaimedKey | None = None,
    quotas: Quotas | None = None,
) -> tuple[UUID, list[Step]]:
    """Start run n+1 of a job; returns its id and what it executes and reuses.

    `claimed` is the key under which it is asked for, `quotas` what its user may have.
    Raises `Conflict` `job-running` while another run goes on, and what `prepare_run` raises.
    """
    while True:
        _refuse_while_active(db, user_id, job_id)
        planned = prepare_run(db, store, user_id, job_id, asked)
        run_id = _create_run(
            db, job_id, asked, planned, user_id=user_id, claimed=claimed, quotas=quotas
        )
        if run_id is not None:
            return run_id, planned.steps


def _create_run(
    db: Database,
    job_id: UUID,
    asked: ResumeRequest,
    planned: PlannedRun,
    *,
    user_id: UUID,
    claimed: ClaimedKey | None,
    quotas: Quotas | None,
) -> UUID | None:
    """Write the run; None when what it was planned on has changed meanwhile."""
    how = {
        "fromRunId": str(asked.from_run) if asked.from_run else None,
        "overrides": dict(asked.overrides),
    }
    with db.write() as connection:
        if quotas is not None:
            admit_run(connection, user_id, quotas)
            minutes = _count_new_minutes(connection, job_id, planned.params)
            admit_minutes(connection, user_id, quotas, minutes)
        events.lock_job(connection, job_id)
        if planned.is_outdated(connection, job_id):
            return None
        named = str(asked.resume_from or "auto")
        run_id = create.create_run(connection, job_id, planned.params, named, planned.steps, **how)
        add_languages(connection, user_id, job_id, planned.params.target_languages)
        if claimed is not None:
            claimed.name_job(connection, job_id)
        completion.update_run(connection, job_id, run_id)
    return run_id


def _count_new_minutes(connection: Connection, job_id: UUID, params: JobParams) -> float:
    """The recording's, once for each language that the job did not have."""
    of_job = select(Upload.duration).join(Job, Job.media_id == Upload.id).where(Job.id == job_id)
    seconds = connection.execute(of_job).scalar_one() or 0
    return seconds / 60 * len(list_new_languages(connection, job_id, params.target_languages))


def _refuse_while_active(db: Database, user_id: UUID, job_id: UUID) -> None:
    with db.read() as connection:
        access.read_job(connection, user_id, job_id)
        run_id = create.find_active_run(connection, job_id)
    if run_id is not None:
        raise Conflict(
            RUNNING,
            "A run of this job is still going on: wait for its end or cancel it first",
            runId=str(run_id),
            job=f"/v1/jobs/{job_id}",
        )


def _read_params(connection: Connection, job_id: UUID, from_run: UUID | None) -> Any:
    """Those of the last run, or of `from_run`, with all languages that any run has had."""
    rows = connection.execute(
        select(Run.id, Run.params).where(Run.job_id == job_id).order_by(Run.number)
    ).all()
    tags = dict.fromkeys(tag for row in rows for tag in row.params["target_languages"])
    base = next((row.params for row in rows if row.id == from_run), rows[-1].params)
    return {**base, "target_languages": list(tags)}


def _check_run(connection: Connection, job_id: UUID, run_id: UUID | None) -> None:
    known = select(Run.id).where(Run.job_id == job_id, Run.id == run_id)
    if run_id is not None and connection.execute(known).first() is None:
        raise Invalid("fromRunId", f"this job has no run {run_id}")


def _read_upload_hashes(connection: Connection, job: Row[Any]) -> dict[str, str]:
    roles = {job.media_id: "media", job.background_id: "background"}
    rows = connection.execute(
        select(Upload.id, Upload.sha256).where(
            Upload.id.in_([upload_id for upload_id in roles if upload_id])
        )
    )
    return {roles[row.id]: row.sha256 for row in rows}
