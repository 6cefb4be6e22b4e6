"""What users ask for: a new job, another run of it, its end."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert
from uuid6 import uuid7

from backend.database.engine import Database
from backend.database.models.jobs import Facet, Job
from backend.errors import Invalid
from backend.identity.quotas import Quotas, admit_job
from backend.jobs.access import read_job
from backend.jobs.idempotency import ClaimedKey
from backend.jobs.labels import insert_facets
from backend.pipeline.params import Bed, JobParams, normalize_params
from backend.pipeline.plan import GivenFiles, Place, Step, list_places
from backend.runs import completion, events
from backend.runs import create as run_creation
from backend.runs.events import Event, EventType
from backend.uploads import access


def create_job(
    db: Database,
    user_id: UUID,
    params: JobParams,
    *,
    media_id: UUID,
    background_id: UUID | None = None,
    given: Mapping[Place, GivenFiles] = MappingProxyType({}),
    claimed: ClaimedKey | None = None,
    quotas: Quotas | None = None,
    name: str | None = None,
    labels: Sequence[str] = (),
) -> tuple[UUID, UUID]:
    """Accept a job: job, run, markers, first event and outbox row in one commit.

    `given` are the stages that are not to be done, with what stands in their place
    (import_transcripts.py); `claimed` is the key under which it is asked for; `quotas` is what its
    user may have. Returns the ids of job and run. Raises `Invalid`, `QuotaExceeded`.
    """
    params = normalize_params(params)
    job_id = uuid7()
    with db.write() as connection:
        media = _require_uploads(connection, user_id, params, media_id, background_id)
        if quotas is not None:
            asked = {"duration": media.duration or 0, "languages": len(params.target_languages)}
            admit_job(connection, user_id, quotas, **asked)
        job = {"id": job_id, "user_id": user_id, **_build_columns(params)}
        job |= {"media_id": media_id, "background_id": background_id}
        job |= {"name": name, "labels": list(dict.fromkeys(labels))}
        connection.execute(insert(Job), job)
        insert_facets(connection, user_id, job_id, Facet.LABEL, labels)
        insert_facets(connection, user_id, job_id, Facet.LANGUAGE, params.target_languages)
        if claimed is not None:
            claimed.name_job(connection, job_id)
        events.record(connection, job_id, Event(EventType.JOB_CREATED))
        stages = list_places(params, params.target_languages)
        steps = [Step(*place, given=given.get(place)) for place in stages]
        run_id = run_creation.create_run(connection, job_id, params, None, steps)
        if given:
            completion.update_run(connection, job_id, run_id)
    return job_id, run_id


def _require_uploads(
    connection: Connection,
    user_id: UUID,
    params: JobParams,
    media_id: UUID,
    background_id: UUID | None,
) -> Row[Any]:
    """The recording's row; raises `Invalid` for an upload that is not there, or lacking."""
    media = access.require_upload(connection, user_id, media_id, access.MEDIA, "mediaId")
    if background_id is not None:
        access.require_upload(connection, user_id, background_id, ("background",), "backgroundId")
    elif params.bed is Bed.BACKGROUND:
        raise Invalid("backgroundId", "bed 'background' needs an upload of that role")
    return media


def _build_columns(params: JobParams) -> dict[str, Any]:
    """What a job's row tells of its parameters."""
    return {
        "kind": params.kind,
        "source_language": params.source_language,
        "mode": params.mode,
        "params": params.model_dump(mode="json"),
    }


def cancel_job(db: Database, user_id: UUID, job_id: UUID) -> bool:
    """Ask the job's active run to stop; returns False when none was active."""
    with db.read() as connection:
        read_job(connection, user_id, job_id)
        run_id = run_creation.find_active_run(connection, job_id)
    if run_id is None:
        return False
    completion.cancel_run(db, job_id, run_id)
    return True
