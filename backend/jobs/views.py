"""What users are told of their jobs: reads only."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from backend.artifacts import multilingual
from backend.artifacts.inputs import made_by
from backend.database.engine import Database
from backend.database.models.jobs import Job, JobEvent
from backend.database.models.runs import Artifact, LanguageTask, Run, StageRun
from backend.errors import NotFound
from backend.jobs import access
from backend.pipeline.files import JOINT, FileRef
from backend.pipeline.plan import Step
from backend.pipeline.stages import ALL_LANGUAGES, Stage
from backend.pipeline.states import (
    LanguageStatus,
    RunState,
    StageState,
    language_progress,
    language_status,
    run_end,
)


def job(db: Database, user_id: UUID, job_id: UUID) -> dict[str, Any]:
    """A job with its stages, languages and artifacts."""
    with db.read() as connection:
        row = access.find_job(connection, user_id, job_id)
        run = _run(connection, job_id, row.last_run)
        latest = _latest_markers(connection, job_id)
        artifacts = _artifacts(connection, job_id)
    asr = latest[Stage.ASR, ALL_LANGUAGES]
    tags = list(dict.fromkeys(tag for _, tag in latest if tag))
    reports = {found.language: found.meta for found in artifacts if found.kind == "report"}
    languages = [_language(tag, asr, latest, reports.get(tag)) for tag in tags]
    done = [language["progress"] for language in languages] or [_progress({Stage.ASR: asr})]
    return {
        **_summary(row, run, {one["language"]: one["status"] for one in languages}),
        "finished_at": run.finished_at,
        "progress": sum(done) / len(done),
        "stages": [_stage(asr)],
        "languages": languages,
        "artifacts": [_artifact(found) for found in artifacts],
    }


def page(db: Database, user_id: UUID, *, limit: int, before: UUID | None) -> dict[str, Any]:
    """Jobs, newest first."""
    query = (
        select(Job.__table__, Run.state)
        .join(Run, (Run.job_id == Job.id) & (Run.number == Job.last_run))
        .where(Job.user_id == user_id)
        .order_by(Job.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Job.id < before)
    with db.read() as connection:
        rows = connection.execute(query).all()
        shown = rows[:limit]
        standings = _standings(connection, [row.id for row in shown])
    return {
        "jobs": [_summary(row, row, standings[row.id]) for row in shown],
        "next": shown[-1].id if len(rows) > limit else None,
    }


def runs(db: Database, user_id: UUID, job_id: UUID) -> list[dict[str, Any]]:
    """Every run of a job with what it executed and reused and was given."""
    with db.read() as connection:
        access.find_job(connection, user_id, job_id)
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
                origin: [_place(m) for m in markers if (m.run_id, m.origin) == (row.id, origin)]
                for origin in ("executed", "reused", "given")
            },
        }
        for row in rows
    ]


def events(db: Database, user_id: UUID, job_id: UUID) -> list[dict[str, Any]]:
    """All that happened to a job, in order."""
    with db.read() as connection:
        access.find_job(connection, user_id, job_id)
        rows = connection.execute(
            select(JobEvent.__table__).where(JobEvent.job_id == job_id).order_by(JobEvent.seq)
        )
        return [dict(row) for row in rows.mappings()]


def artifact(db: Database, user_id: UUID, job_id: UUID, name: str) -> FileRef:
    """The file behind an artifact's name; raises `NotFound` and tells which there are."""
    with db.read() as connection:
        access.find_job(connection, user_id, job_id)
        files = {_name(row): row for row in _artifacts(connection, job_id)}
    if name not in files:
        known = ", ".join(sorted(files)) or "none yet"
        raise NotFound(f"This job has no artifact '{name}'; it has: {known}")
    return _file(files[name])


def packaged(db: Database, user_id: UUID, job_id: UUID) -> dict[str, dict[str, FileRef]]:
    """The files of each language that can be streamed, by kind, in the order asked for.

    Raises `NotFound` when there are none.
    """
    with db.read() as connection:
        access.find_job(connection, user_id, job_id)
        found = multilingual.dubs(connection, job_id)
    streamable = {language: dub.files for language, dub in found.items() if "hls" in dub.files}
    if not streamable:
        raise NotFound("This job has nothing to stream yet: wait until a language is complete")
    return streamable


def plan(steps: Sequence[Step], costs: Sequence[float | None]) -> dict[str, Any]:
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


def _run(connection: Connection, job_id: UUID, number: int) -> Row[Any]:
    return connection.execute(
        select(Run.__table__).where(Run.job_id == job_id, Run.number == number)
    ).one()


Markers = Mapping[tuple[Stage, str], Row[Any]]


def _latest_markers(connection: Connection, job_id: UUID) -> Markers:
    """For each stage and language the marker of the latest run that has it."""
    rows = connection.execute(
        select(StageRun.__table__, Run.number, made_by().label("made_by"))
        .join(Run, Run.id == StageRun.run_id)
        .where(Run.job_id == job_id)
        .order_by(Run.number, StageRun.id)
    )
    return {(row.stage, row.language): row for row in rows}


def _artifacts(connection: Connection, job_id: UUID) -> Sequence[Row[Any]]:
    """What the latest success of each stage made; that stays until a newer one is complete."""
    succeeded = connection.execute(
        select(StageRun.stage, StageRun.language, made_by().label("made_by"))
        .join(Run, Run.id == StageRun.run_id)
        .where(Run.job_id == job_id, StageRun.state == StageState.SUCCEEDED)
        .order_by(Run.number)
    )
    made = {(row.stage, row.language): row.made_by for row in succeeded}
    rows = connection.execute(
        select(Artifact.__table__, StageRun.stage)
        .join(StageRun, StageRun.id == Artifact.stage_run_id)
        .where(Artifact.stage_run_id.in_(made.values()), Artifact.kind != JOINT)
        .order_by(Artifact.stage_run_id, Artifact.id)
    ).all()
    several = len([stage for stage, _ in made if stage is Stage.MIX]) > 1
    all_languages = multilingual.file(connection, job_id) if several else None
    return [*rows, all_languages] if all_languages else rows


Standing = Mapping[str, LanguageStatus]


def _standings(connection: Connection, job_ids: Sequence[UUID]) -> Mapping[UUID, Standing]:
    """Where each language stands, by job, after the latest run that has it."""
    rows = connection.execute(
        select(Run.job_id, LanguageTask.language, LanguageTask.status)
        .join(Run, Run.id == LanguageTask.run_id)
        .where(Run.job_id.in_(job_ids))
        .order_by(Run.number)
    )
    found: dict[UUID, dict[str, LanguageStatus]] = {job_id: {} for job_id in job_ids}
    for row in rows:
        found[row.job_id][row.language] = row.status
    return found


def _status(run: Row[Any], standing: Standing) -> str:
    if run.state is RunState.ACTIVE:
        return "running"
    # Not only as the last run ended: it need not have had all languages.
    return run_end(standing.values()) if standing else run.state


def _summary(row: Row[Any], run: Row[Any], standing: Standing) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "status": _status(run, standing),
        "source_language": row.source_language,
        "target_languages": list(dict.fromkeys((*row.params["target_languages"], *standing))),
        "mode": row.mode,
        "run": row.last_run,
        "created_at": row.created_at,
    }


def _language(
    tag: str, asr: Row[Any], latest: Markers, report: Mapping[str, Any] | None
) -> dict[str, Any]:
    markers = {stage: row for (stage, language), row in latest.items() if language == tag}
    known = {Stage.ASR: asr, **markers}
    states = {stage: row.state for stage, row in known.items()}
    status = language_status(states, _running(known))
    return {
        "language": tag,
        "status": status,
        "progress": 1.0 if status is LanguageStatus.COMPLETE else _progress(known),
        "run": markers[Stage.MT].number,
        "stages": [_stage(row) for row in markers.values()],
        "report": report,
    }


def _progress(markers: Mapping[Stage, Row[Any]]) -> float:
    states = {stage: row.state for stage, row in markers.items()}
    return language_progress(states, _running(markers))


def _running(markers: Mapping[Stage, Row[Any]]) -> float:
    """How far the stage is that runs at present."""
    running = [row.progress for row in markers.values() if row.state is StageState.RUNNING]
    return float(running[0]) if running else 0.0


def _stage(row: Row[Any]) -> dict[str, Any]:
    return {
        **row._mapping,
        "warnings": (row.warnings or {}).get("warnings", []),
        "cost": {"provider": row.provider, "model": row.model, "usd": row.cost_usd},
    }


def _artifact(row: Row[Any]) -> dict[str, Any]:
    return {
        **row._mapping,
        "name": _name(row),
        "language": row.language or None,
    }


def _file(row: Row[Any]) -> FileRef:
    return FileRef(row.object_key, row.sha256, row.size, row.mime, row.filename)


def _name(row: Row[Any]) -> str:
    return f"{row.language}/{row.filename}" if row.language else str(row.filename)


def _place(marker: Any) -> str:
    return f"{marker.stage}:{marker.language}" if marker.language else str(marker.stage)
