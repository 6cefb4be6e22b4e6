"""Jobs in lists: narrowed, page by page, each in a few words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, exists, select

from backend.artifacts.rows import select_maker_id
from backend.database.engine import Database
from backend.database.models.jobs import Facet, Job, JobFacet
from backend.database.models.runs import Run, StageRun
from backend.database.models.uploads import Upload
from backend.jobs.standing import Markers, Standing
from backend.pipeline.states import LOST


@dataclass(frozen=True)
class JobFilter:
    """What a list of jobs is narrowed to; `created_to` itself is left out."""

    status: str | None = None
    kind: str | None = None
    language: str | None = None
    label: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


def read_job_page(
    db: Database, user_id: UUID, wanted: JobFilter, *, limit: int, before: UUID | None
) -> dict[str, Any]:
    """Jobs, newest first; `next` is what `before` has to be for the next page."""
    query = _narrow(select_jobs(user_id), user_id, wanted).order_by(Job.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Job.id < before)
    with db.read() as connection:
        rows = connection.execute(query).all()
        shown = rows[:limit]
        markers = read_markers(connection, [row.id for row in shown])
    by_job: dict[UUID, list[Row[Any]]] = {row.id: [] for row in shown}
    for marker in markers:
        by_job[marker.job_id].append(marker)
    return {
        "jobs": [build_summary(row, Standing(choose_latest(by_job[row.id]))) for row in shown],
        "next": shown[-1].id if len(rows) > limit else None,
    }


def select_jobs(user_id: UUID) -> Select[Any]:
    """A user's jobs, each with the name and the length of its recording."""
    return (
        select(Job.__table__, Upload.filename, Upload.duration)
        .join(Upload, Upload.id == Job.media_id)
        .where(Job.user_id == user_id)
    )


def _narrow(query: Select[Any], user_id: UUID, wanted: JobFilter) -> Select[Any]:
    if wanted.status is not None:
        query = query.where(Job.status == wanted.status)
    if wanted.kind is not None:
        query = query.where(Job.kind == wanted.kind)
    for facet, value in ((Facet.LANGUAGE, wanted.language), (Facet.LABEL, wanted.label)):
        if value is not None:
            mine = (JobFacet.user_id == user_id, JobFacet.facet == facet, JobFacet.value == value)
            query = query.where(exists().where(*mine, JobFacet.job_id == Job.id))
    # Ids begin with the time at which they were made, so that these are a part of the index.
    if wanted.created_from is not None:
        query = query.where(Job.id >= build_first_id(wanted.created_from))
    if wanted.created_to is not None:
        query = query.where(Job.id < build_first_id(wanted.created_to))
    return query


def build_first_id(time: datetime) -> UUID:
    """The smallest UUIDv7 of a time (RFC 9562, 5.7: its first 48 bits are milliseconds)."""
    return UUID(int=max(0, int(time.timestamp() * 1000)) << 80)


def read_markers(connection: Connection, job_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Every marker of these jobs, in the order of their runs."""
    run = (Run.number, Run.finished_at.label("run_finished_at"))
    rows = connection.execute(
        select(StageRun.__table__, *run, select_maker_id().label("made_by"))
        .join(Run, Run.id == StageRun.run_id)
        .where(StageRun.job_id.in_(job_ids))
        .order_by(Run.number, StageRun.id)
    )
    return rows.all()


def choose_latest(markers: Iterable[Row[Any]]) -> Markers:
    """For each stage and language the marker of the latest run that has it."""
    return {(row.stage, row.language): row for row in markers}


def build_summary(row: Row[Any], standing: Standing) -> dict[str, Any]:
    """A job in a few words; `row` as `select_jobs` has it."""
    targets = (*row.params["target_languages"], *standing.languages())
    return {
        **row._mapping,
        "target_languages": list(dict.fromkeys(targets)),
        "run": row.last_run,
        "progress": standing.job_progress(),
        "finished_at": max(standing.markers.values(), key=lambda one: one.number).run_finished_at,
        "error": _find_error(standing),
    }


def _find_error(standing: Standing) -> dict[str, Any] | None:
    """Of the first stage that is lost, with the place where that is."""
    for (stage, language), row in standing.markers.items():
        if row.state in LOST and row.error is not None:
            return {**row.error, "stage": stage, "language": language or None}
    return None
