"""What users ask for: a new job, another run of it, its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from uuid6 import uuid7

from backend.core import events, outbox, priors, settle
from backend.core.db import Database
from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.events import Event
from backend.core.models import Job, LanguageTask, Run, StageRun, Upload
from backend.core.params import Bed, JobParams, checked, normalized, overridden
from backend.core.plan import Step, places, plan
from backend.core.stages import ALL_LANGUAGES, Stage
from backend.core.states import RunState, StageState
from backend.storage.base import BlobStore

ROLES_OF_MEDIA = ("voice", "video")


@dataclass(frozen=True)
class Resume:
    """How to run a job again; `resume_from` None means `auto`, empty `languages` all of them."""

    resume_from: Stage | None = None
    from_run: UUID | None = None
    languages: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    accept_stale: bool = False


def create(
    db: Database,
    user_id: UUID,
    params: JobParams,
    *,
    media_id: UUID,
    background_id: UUID | None = None,
) -> tuple[UUID, UUID]:
    """Accept a job: job, run, markers, first event and outbox row in one commit.

    Returns the ids of job and run. Raises `Invalid`.
    """
    params = checked(params)
    job_id = uuid7()
    with db.write() as connection:
        _check_upload(connection, user_id, media_id, ROLES_OF_MEDIA, "mediaId")
        if background_id is not None:
            _check_upload(connection, user_id, background_id, ("background",), "backgroundId")
        elif params.bed is Bed.BACKGROUND:
            raise Invalid("backgroundId", "bed 'background' needs an upload of that role")
        connection.execute(
            insert(Job).values(
                id=job_id,
                user_id=user_id,
                kind=params.kind,
                source_language=params.source_language,
                mode=params.mode,
                params=params.model_dump(mode="json"),
                media_id=media_id,
                background_id=background_id,
            )
        )
        events.record(connection, job_id, Event("job.created"))
        steps = [Step(*place) for place in places(params, params.target_languages)]
        run_id = _new_run(connection, job_id, params, None, steps)
    return job_id, run_id


def prepare(
    db: Database, store: BlobStore, user_id: UUID, job_id: UUID, resume: Resume
) -> tuple[JobParams, list[Step]]:
    """What a new run would execute and reuse; changes nothing.

    Raises `NotFound`, `Invalid` and `Conflict` as a resume does.
    """
    with db.read() as connection:
        job = find(connection, user_id, job_id)
        _check_run(connection, job_id, resume.from_run)
        params = JobParams.model_validate(_last_params(connection, job_id))
        uploads = _upload_hashes(connection, job)
        made = priors.find(connection, job_id, resume.from_run)
    wanted = normalized(resume.languages) or params.target_languages
    known = {"target_languages": (*params.target_languages, *wanted)}
    params = checked(overridden(params.model_copy(update=known), resume.overrides))
    if params.bed is Bed.BACKGROUND and job.background_id is None:
        raise Invalid("overrides", "bed: this job has no background file; that is a new job")
    steps = plan(
        params,
        wanted,
        resume.resume_from,
        priors.check(store, made),
        uploads,
        accept_stale=resume.accept_stale,
    )
    return params.model_copy(update={"target_languages": wanted}), steps


def resume(
    db: Database, store: BlobStore, user_id: UUID, job_id: UUID, resume: Resume
) -> tuple[UUID, list[Step]]:
    """Start run n+1 of a job; returns its id and what it executes and reuses.

    Raises `Conflict` `run-active` while another run goes on, and what `prepare` raises.
    """
    _refuse_while_active(db, user_id, job_id)
    params, steps = prepare(db, store, user_id, job_id, resume)
    try:
        with db.write() as connection:
            run_id = _new_run(connection, job_id, params, str(resume.resume_from or "auto"), steps)
            settle.settle_run(connection, job_id, run_id)
    except IntegrityError:
        # Two resumes at once: the partial unique index let one of them through.
        _refuse_while_active(db, user_id, job_id)
        raise
    return run_id, steps


def cancel(db: Database, user_id: UUID, job_id: UUID) -> bool:
    """Ask the job's active run to stop; returns False when none was active."""
    with db.read() as connection:
        find(connection, user_id, job_id)
        run_id = _active_run(connection, job_id)
    if run_id is None:
        return False
    settle.cancel_run(db, job_id, run_id)
    return True


def find(connection: Connection, user_id: UUID, job_id: UUID) -> Row[Any]:
    """The job's row; raises `NotFound`, also for somebody else's job."""
    job = connection.execute(
        select(Job.__table__).where(Job.id == job_id, Job.user_id == user_id)
    ).one_or_none()
    if job is None:
        raise NotFound(f"There is no job {job_id}")
    return job


def _refuse_while_active(db: Database, user_id: UUID, job_id: UUID) -> None:
    with db.read() as connection:
        find(connection, user_id, job_id)
        run_id = _active_run(connection, job_id)
    if run_id is not None:
        raise Conflict(
            "run-active",
            "A run of this job is still going on: wait for its end or cancel it first",
            runId=str(run_id),
        )


def _active_run(connection: Connection, job_id: UUID) -> UUID | None:
    return connection.execute(
        select(Run.id).where(Run.job_id == job_id, Run.state == RunState.ACTIVE)
    ).scalar_one_or_none()


def _last_params(connection: Connection, job_id: UUID) -> Any:
    """The job's own parameters, but with all languages that any of its runs has had."""
    rows = connection.execute(
        select(Run.params).where(Run.job_id == job_id).order_by(Run.number)
    ).scalars()
    snapshots = list(rows)
    tags = dict.fromkeys(tag for params in snapshots for tag in params["target_languages"])
    return {**snapshots[-1], "target_languages": list(tags)}


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


def _check_upload(
    connection: Connection, user_id: UUID, upload_id: UUID, roles: Sequence[str], field: str
) -> None:
    upload = connection.execute(
        select(Upload.role, Upload.completed_at).where(
            Upload.id == upload_id, Upload.user_id == user_id
        )
    ).one_or_none()
    if upload is None:
        raise Invalid(field, f"there is no file {upload_id}")
    if upload.completed_at is None:
        raise Invalid(field, f"file {upload_id} is not complete: POST /v1/files/complete first")
    if upload.role not in roles:
        raise Invalid(field, f"file {upload_id} has role {upload.role}, not {' or '.join(roles)}")


def _new_run(
    connection: Connection,
    job_id: UUID,
    params: JobParams,
    resume_from: str | None,
    steps: Sequence[Step],
) -> UUID:
    run_id = uuid7()
    number = connection.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(last_run=Job.last_run + 1)
        .returning(Job.last_run)
    ).scalar_one()
    connection.execute(
        insert(Run).values(
            id=run_id,
            job_id=job_id,
            number=number,
            resume_from=resume_from,
            params=params.model_dump(mode="json"),
        )
    )
    tasks = [{"run_id": run_id, "language": tag} for tag in params.target_languages]
    if tasks:
        connection.execute(insert(LanguageTask), tasks)
    connection.execute(insert(StageRun), _markers(job_id, run_id, steps))
    outbox.promise(connection, run_id)
    data = {"resumeFrom": resume_from, "reused": [_name(s) for s in steps if s.reuse]}
    events.record(connection, job_id, Event("run.created", run=number, data=data))
    return run_id


def _markers(job_id: UUID, run_id: UUID, steps: Sequence[Step]) -> list[dict[str, Any]]:
    ids = {(step.stage, step.language): uuid7() for step in steps}
    rows = []
    upstream: dict[str, UUID] = {}
    for step in steps:
        rows.append(
            {
                "id": ids[step.stage, step.language],
                "run_id": run_id,
                "job_id": job_id,
                "stage": step.stage,
                "language": step.language,
                "upstream_id": upstream.get(step.language, upstream.get(ALL_LANGUAGES)),
                **_reused(step),
            }
        )
        upstream[step.language] = ids[step.stage, step.language]
    return rows


def _reused(step: Step) -> dict[str, Any]:
    if step.reuse is None:
        return dict.fromkeys(("reused_from", "input_key", "finished_at")) | {
            "state": StageState.WAITING,
            "origin": "executed",
            "progress": 0.0,
        }
    return {
        "state": StageState.SUCCEEDED,
        "origin": "reused",
        "progress": 1.0,
        "reused_from": step.reuse.marker_id,
        "input_key": step.reuse.input_key,
        "finished_at": None,
    }


def _name(step: Step) -> str:
    return f"{step.stage}:{step.language}" if step.language else str(step.stage)
