"""What users are told of their jobs: reads only."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Connection, Row, select

from backend.artifacts.rows import build_file
from backend.database.engine import Database
from backend.database.models.jobs import Job, JobEvent
from backend.database.models.runs import Artifact, Run, StageRun
from backend.database.models.uploads import Upload
from backend.errors import NotFound
from backend.jobs import access
from backend.jobs.listing import build_summary, choose_latest, read_markers, select_jobs
from backend.jobs.standing import Standing
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.multilingual import choose_joinable, identify_film
from backend.pipeline.plan import Step
from backend.pipeline.stages import PER_LANGUAGE, LanguageStatus
from backend.pipeline.states import StageState

ENDED = (LanguageStatus.COMPLETE, LanguageStatus.FAILED, LanguageStatus.CANCELLED)

MOST_EVENTS = 1000  # that are told at a time


def read_job_view(db: Database, user_id: UUID, job_id: UUID) -> dict[str, Any]:
    """A job with its stages, languages and artifacts."""
    with db.read() as connection:
        row = connection.execute(select_jobs(user_id).where(Job.id == job_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no job {job_id}")
        markers = read_markers(connection, [job_id])
        artifacts = _read_artifacts(connection, markers)
        uploads = _read_uploads(connection, row)
    standing = Standing(choose_latest(markers))
    reports = {
        found.language: found.meta for found in artifacts if found.kind == ArtifactKind.REPORT
    }
    return {
        **build_summary(row, standing),
        "parameters": row.params,
        "media": uploads[row.media_id],
        "background": uploads.get(row.background_id),
        "detected_language": _find_heard_language(artifacts),
        "stages": [_build_stage(marker) for marker in standing.once()],
        "languages": [
            _build_language(standing, tag, reports.get(tag)) for tag in standing.languages()
        ],
        "artifacts": [_build_artifact(found) for found in artifacts],
    }


def _read_uploads(connection: Connection, row: Row[Any]) -> dict[UUID | None, Row[Any]]:
    named = [one for one in (row.media_id, row.background_id) if one is not None]
    found = connection.execute(select(Upload.__table__).where(Upload.id.in_(named)))
    return {one.id: one for one in found}


def _find_heard_language(artifacts: Iterable[Row[Any]]) -> str | None:
    heard = [row.meta.get("language") for row in artifacts if row.kind == ArtifactKind.SEGMENTS_SRC]
    return heard[0] if heard else None


def read_runs(db: Database, user_id: UUID, job_id: UUID) -> list[dict[str, Any]]:
    """Every run of a job with what it executed and reused and was given."""
    with db.read() as connection:
        access.read_job(connection, user_id, job_id)
        rows = connection.execute(
            select(Run.__table__).where(Run.job_id == job_id).order_by(Run.number)
        ).all()
        markers = connection.execute(
            select(StageRun.run_id, StageRun.stage, StageRun.language, StageRun.origin)
            .join(Run, Run.id == StageRun.run_id)
            .where(Run.job_id == job_id)
            .order_by(StageRun.id)
        ).all()
    return [
        {
            **row._mapping,
            **{
                origin: [
                    _format_place(m) for m in markers if (m.run_id, m.origin) == (row.id, origin)
                ]
                for origin in ("executed", "reused", "given")
            },
        }
        for row in rows
    ]


def read_events(
    db: Database, user_id: UUID, job_id: UUID, *, after: int = 0, limit: int = MOST_EVENTS
) -> list[dict[str, Any]]:
    """What happened to a job after event number `after`, in order, so many at most."""
    mine = (JobEvent.job_id == job_id) & (JobEvent.seq > after)
    with db.read() as connection:
        access.read_job(connection, user_id, job_id)
        rows = connection.execute(
            select(JobEvent.__table__).where(mine).order_by(JobEvent.seq).limit(limit)
        )
        return [dict(row) for row in rows.mappings()]


def read_artifact_file(db: Database, user_id: UUID, job_id: UUID, name: str) -> StoredFile:
    """The file behind an artifact's name; raises `NotFound` and tells which there are."""
    with db.read() as connection:
        access.read_job(connection, user_id, job_id)
        rows = _read_artifacts(connection, read_markers(connection, [job_id]))
    files = {_format_name(row): row for row in rows}
    if name not in files:
        known = ", ".join(sorted(files)) or "none yet"
        raise NotFound(f"This job has no artifact '{name}'; it has: {known}")
    return build_file(files[name])


def read_streamable_files(
    db: Database, user_id: UUID, job_id: UUID
) -> dict[str, dict[str, StoredFile]]:
    """The files of each language that can be streamed, by kind, in the order asked for."""
    with db.read() as connection:
        row = access.read_job(connection, user_id, job_id)
        artifacts = _read_artifacts(connection, read_markers(connection, [job_id]))
    dubs = _group_dubs(artifacts)
    order = dict.fromkeys((*row.params["target_languages"], *dubs))
    return {tag: dubs[tag] for tag in order if ArtifactKind.HLS in dubs.get(tag, {})}


def build_plan_view(steps: Sequence[Step], costs: Sequence[float | None]) -> dict[str, Any]:
    """What a run would do, and its cost in US dollars as far as all of it can be told."""
    known = [cost for cost in costs if cost is not None]
    return {
        "estimated_cost_usd": sum(known) if len(known) == len(costs) else None,
        "plan": [
            {
                "stage": step.stage,
                "language": step.language or None,
                "action": "execute" if step.executed else "reuse" if step.reuse else "edited",
                "estimated_cost_usd": cost,
            }
            for step, cost in zip(steps, costs, strict=True)
        ],
    }


def _read_artifacts(connection: Connection, markers: Iterable[Row[Any]]) -> list[Row[Any]]:
    """What the latest success of each stage made; that stays until a newer one is complete."""
    latest = choose_latest(row for row in markers if row.state is StageState.SUCCEEDED)
    rows = connection.execute(
        select(Artifact.__table__, StageRun.stage)
        .join(StageRun, StageRun.id == Artifact.stage_run_id)
        .where(Artifact.stage_run_id.in_([row.made_by for row in latest.values()]))
        .order_by(Artifact.stage_run_id, Artifact.id)
    ).all()
    own = [row for row in rows if row.kind != ArtifactKind.VIDEO_ALL]
    made_of = identify_film(choose_joinable(_group_dubs(own)))
    # A film of what is not the latest any more is not shown.
    film = [
        row for row in rows if row.kind == ArtifactKind.VIDEO_ALL and row.meta["made_of"] == made_of
    ]
    return [*own, *film[:1]]


def _group_dubs(artifacts: Iterable[Row[Any]]) -> dict[str, dict[str, StoredFile]]:
    dubs: dict[str, dict[str, StoredFile]] = {}
    for row in artifacts:
        if row.stage is PER_LANGUAGE[-1]:
            dubs.setdefault(row.language, {})[row.kind] = build_file(row)
    return dubs


def _build_language(standing: Standing, tag: str, report: Any) -> dict[str, Any]:
    markers = standing.chain(tag)
    # The stage that it is at, or that it ended with.
    at = next((row for row in markers if row.state is not StageState.SUCCEEDED), markers[-1])
    begun = [row.started_at for row in markers if row.started_at]
    status = standing.language_status(tag)
    return {
        "language": tag,
        "stage": at.stage,
        "attempt": at.attempt,
        "retry_at": at.retry_at,
        "started_at": min(begun, default=None),
        "finished_at": at.finished_at if status in ENDED else None,
        "warnings": [told for row in markers for told in row.warnings],
        "status": status,
        "progress": standing.language_progress(tag),
        "run": markers[0].number,
        "stages": [_build_stage(row) for row in markers],
        "report": report,
    }


def _build_stage(row: Row[Any]) -> dict[str, Any]:
    cost = {"provider": row.provider, "model": row.model, "usd": row.cost_usd}
    return {**row._mapping, "cost": cost}


def _build_artifact(row: Row[Any]) -> dict[str, Any]:
    name = _format_name(row)
    return {
        **row._mapping,
        "name": name,
        "url": f"/v1/jobs/{row.job_id}/download?artifact={quote(name)}",
        "language": row.language or None,
    }


def _format_name(row: Row[Any]) -> str:
    return f"{row.language}/{row.filename}" if row.language else str(row.filename)


def _format_place(marker: Any) -> str:
    return f"{marker.stage}:{marker.language}" if marker.language else str(marker.stage)
