"""Running a job again: from a named stage, or from the first whose inputs changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import IntegrityError

from backend.artifacts import reusable, revisions
from backend.artifacts.reusable import Found
from backend.database.engine import Database
from backend.database.models.runs import Run
from backend.database.models.uploads import Upload
from backend.errors import Conflict, Invalid
from backend.jobs import access
from backend.pipeline.params import Bed, JobParams, checked, normalized, overridden
from backend.pipeline.plan import Place, Step, plan
from backend.pipeline.stages import Stage
from backend.runs import completion, create
from backend.storage.base import BlobStore


@dataclass(frozen=True)
class Resume:
    """How to run a job again; `resume_from` None means `auto`, empty `languages` all of them."""

    resume_from: Stage | None = None
    from_run: UUID | None = None
    languages: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    accept_stale: bool = False


def prepare(
    db: Database, store: BlobStore, user_id: UUID, job_id: UUID, asked: Resume
) -> tuple[JobParams, list[Step]]:
    """What a new run would execute and reuse; changes nothing.

    Raises `NotFound`, `Invalid` and `Conflict` as a resume does.
    """
    with db.read() as connection:
        job = access.find_job(connection, user_id, job_id)
        _check_run(connection, job_id, asked.from_run)
        params = JobParams.model_validate(_params(connection, job_id, asked.from_run))
        uploads = _upload_hashes(connection, job)
        made = reusable.find(connection, job_id, asked.from_run)
        edited = revisions.find_pending_edits(connection, job_id, partial(_is_current, made))
    wanted = normalized(asked.languages) or params.target_languages
    known = {"target_languages": (*params.target_languages, *wanted)}
    params = checked(overridden(params.model_copy(update=known), asked.overrides))
    if params.bed is Bed.BACKGROUND and job.background_id is None:
        raise Invalid("overrides", "bed: this job has no background file; that is a new job")
    steps = plan(
        params,
        wanted,
        asked.resume_from,
        reusable.check(store, made),
        uploads,
        edited=edited,
        accept_stale=asked.accept_stale,
    )
    return params.model_copy(update={"target_languages": wanted}), steps


def _is_current(made: Mapping[Place, Sequence[Found]], language: str, sha256: str) -> bool:
    """Whether the latest run has these lines already."""
    latest = made.get((Stage.MT, language), ())
    return bool(latest) and latest[0].prior.outputs.get(revisions.KIND) == sha256


def start(
    db: Database, store: BlobStore, user_id: UUID, job_id: UUID, asked: Resume
) -> tuple[UUID, list[Step]]:
    """Start run n+1 of a job; returns its id and what it executes and reuses.

    Raises `Conflict` `run-active` while another run goes on, and what `prepare` raises.
    """
    _refuse_while_active(db, user_id, job_id)
    params, steps = prepare(db, store, user_id, job_id, asked)
    try:
        with db.write() as connection:
            named = str(asked.resume_from or "auto")
            how = {
                "fromRunId": str(asked.from_run) if asked.from_run else None,
                "overrides": dict(asked.overrides),
            }
            run_id = create.create(connection, job_id, params, named, steps, **how)
            completion.update_run(connection, job_id, run_id)
    except IntegrityError:
        # Two resumes at once: the partial unique index let one of them through.
        _refuse_while_active(db, user_id, job_id)
        raise
    return run_id, steps


def _refuse_while_active(db: Database, user_id: UUID, job_id: UUID) -> None:
    with db.read() as connection:
        access.find_job(connection, user_id, job_id)
        run_id = create.active(connection, job_id)
    if run_id is not None:
        raise Conflict(
            "run-active",
            "A run of this job is still going on: wait for its end or cancel it first",
            runId=str(run_id),
            job=f"/v1/jobs/{job_id}",
        )


def _params(connection: Connection, job_id: UUID, from_run: UUID | None) -> Any:
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


def _upload_hashes(connection: Connection, job: Row[Any]) -> dict[str, str]:
    roles = {job.media_id: "media", job.background_id: "background"}
    rows = connection.execute(
        select(Upload.id, Upload.sha256).where(
            Upload.id.in_([upload_id for upload_id in roles if upload_id])
        )
    )
    return {roles[row.id]: row.sha256 for row in rows}
