"""Runs: each passage of a job through its stages, with a progress marker for every stage."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update
from uuid6 import uuid7

from backend.database.models.jobs import Job
from backend.database.models.runs import Artifact, Run, StageRun
from backend.pipeline.params import JobParams
from backend.pipeline.plan import Place, Step
from backend.pipeline.stages import ALL_LANGUAGES, STAGES
from backend.pipeline.states import RunState, StageState
from backend.runs import events, outbox
from backend.runs.events import Event, EventType


def create_run(
    connection: Connection,
    job_id: UUID,
    params: JobParams,
    resume_from: str | None,
    steps: Sequence[Step],
    **asked: Any,
) -> UUID:
    """Write the job's next run with its markers, its first event and its outbox row.

    `asked` is what else that event is to tell of how the run was asked for. Raises
    `IntegrityError` while another run of the job is active.
    """
    run_id = uuid7()
    number = connection.execute(_NEXT_NUMBER, {"of_job": job_id}).scalar_one()
    run = {
        "id": run_id,
        "job_id": job_id,
        "number": number,
        "resume_from": resume_from,
        "params": params.model_dump(mode="json"),
    }
    connection.execute(insert(Run), run)
    remembered = _read_memos(connection, job_id) if number > 1 else {}
    _insert_markers(connection, steps, _build_markers(job_id, run_id, steps, remembered))
    outbox.promise(connection, run_id)
    data = {
        "resumeFrom": resume_from,
        "reused": [_format_name(step) for step in steps if step.reuse],
        "given": [_format_name(step) for step in steps if step.given is not None],
        "stale": [_format_name(step) for step in steps if step.stale],
        **asked,
    }
    events.record(connection, job_id, Event(EventType.RUN_CREATED, run=number, data=data))
    return run_id


def _insert_markers(
    connection: Connection, steps: Sequence[Step], markers: Sequence[dict[str, Any]]
) -> None:
    connection.execute(insert(StageRun), markers)
    given = [
        {"job_id": marker["job_id"], "stage_run_id": marker["id"], **file}
        for step, marker in zip(steps, markers, strict=True)
        for file in _build_given_rows(step)
    ]
    if given:
        connection.execute(insert(Artifact), given)


def _read_memos(connection: Connection, job_id: UUID) -> dict[Place, dict[str, Any]]:
    """What the latest attempts at each place wrote down, such as a vendor's job id.

    A run that was cancelled or gave up may have paid for work that is still to be fetched.
    """
    rows = connection.execute(
        select(StageRun.stage, StageRun.language, StageRun.memo)
        .join(Run, Run.id == StageRun.run_id)
        .where(StageRun.job_id == job_id, StageRun.origin == "executed")
        .order_by(Run.number)
    )
    return {(row.stage, row.language): row.memo for row in rows}


_NEXT_NUMBER = (
    update(Job)
    .where(Job.id == bindparam("of_job"))
    .values(last_run=Job.last_run + 1, status=RunState.RUNNING)
    .returning(Job.last_run)
)


def find_active_run(connection: Connection, job_id: UUID) -> UUID | None:
    """The id of the job's run that goes on, if one does."""
    return connection.execute(
        select(Run.id).where(Run.job_id == job_id, Run.state == RunState.RUNNING)
    ).scalar_one_or_none()


def _build_markers(
    job_id: UUID,
    run_id: UUID,
    steps: Sequence[Step],
    remembered: Mapping[Place, dict[str, Any]],
) -> list[dict[str, Any]]:
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
                "upstream_id": None
                if STAGES[step.stage].waits_for_all
                else upstream.get(step.language, upstream.get(ALL_LANGUAGES)),
                "memo": remembered.get((step.stage, step.language), {}),
                **_build_planned_values(step),
            }
        )
        upstream[step.language] = ids[step.stage, step.language]
    return rows


def _build_planned_values(step: Step) -> dict[str, Any]:
    done = {"state": StageState.SUCCEEDED, "progress": 1.0}
    waiting = {"state": StageState.WAITING, "progress": 0.0}
    nothing = dict.fromkeys(("reused_from", "input_key", "finished_at"))
    if step.executed:
        return nothing | waiting | {"origin": "executed"}
    if step.reuse is None:
        return nothing | done | {"origin": "given"}
    made = {"reused_from": step.reuse.marker_id, "input_key": step.reuse.input_key}
    return nothing | done | made | {"origin": "reused"}


def _build_given_rows(step: Step) -> Iterator[dict[str, Any]]:
    for kind, file in (step.given or {}).items():
        columns = {**vars(file), "object_key": file.key, "meta": {}}
        del columns["key"]
        yield {"kind": kind, "language": step.language, **columns}


def _format_name(step: Step) -> str:
    return f"{step.stage}:{step.language}" if step.language else str(step.stage)
