"""What a job has cost so far, and what reuse has saved: read from its history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from backend.artifacts.rows import select_maker_id
from backend.database.engine import Database
from backend.database.models.jobs import JobEvent
from backend.database.models.runs import Run, StageRun
from backend.jobs import access


@dataclass(frozen=True)
class SpentCost:
    """What a stage of a run used and cost, or `saved_usd` where the run took it over."""

    run: int
    stage: str
    language: str | None
    provider: str | None = None
    model: str | None = None
    units: float = 0.0
    unit: str | None = None
    usd: float = 0.0
    saved_usd: float = 0.0


def read_costs(db: Database, user_id: UUID, job_id: UUID) -> dict[str, Any]:
    """All costs of a job and their sums; raises `NotFound`."""
    with db.read() as connection:
        access.read_job(connection, user_id, job_id)
        spent = [*_read_spent(connection, job_id), *_read_saved(connection, job_id)]
    return build_costs_view(merge_attempts(spent))


def merge_attempts(spent: Iterable[SpentCost]) -> list[SpentCost]:
    """One for each stage of each run; who did it is told by the attempt that succeeded."""
    merged: dict[tuple[int, str, str | None], SpentCost] = {}
    for one in spent:
        place = (one.run, one.stage, one.language)
        before = merged.get(place, SpentCost(*place))
        merged[place] = replace(
            one,
            provider=one.provider or before.provider,
            model=one.model or before.model,
            unit=one.unit or before.unit,
            units=before.units + one.units,
            usd=before.usd + one.usd,
            saved_usd=before.saved_usd + one.saved_usd,
        )
    return sorted(merged.values(), key=lambda one: one.run)


def build_costs_view(stages: Sequence[SpentCost]) -> dict[str, Any]:
    """The costs and their sums."""
    by: dict[str, defaultdict[str, float]] = {
        name: defaultdict(float) for name in ("by_run", "by_stage", "by_language")
    }
    for one in stages:
        by["by_run"][str(one.run)] += one.usd
        by["by_stage"][one.stage] += one.usd
        by["by_language"][one.language or "all"] += one.usd
    return {
        "usd": sum(one.usd for one in stages),
        "saved_usd": sum(one.saved_usd for one in stages),
        **by,
        "stages": stages,
    }


def _read_spent(connection: Connection, job_id: UUID) -> list[SpentCost]:
    names = ("run", "stage", "language", "provider", "model", "units", "unit")
    rows = connection.execute(
        select(*(getattr(JobEvent, name) for name in names), JobEvent.cost_usd.label("usd"))
        .where(JobEvent.job_id == job_id, JobEvent.cost_usd.is_not(None))
        .order_by(JobEvent.seq)
    ).all()
    return [SpentCost(**{**row._mapping, "units": row.units or 0.0}) for row in rows]


def _read_saved(connection: Connection, job_id: UUID) -> list[SpentCost]:
    maker = aliased(StageRun)
    rows = connection.execute(
        select(Run.number, StageRun.stage, StageRun.language, maker.cost_usd)
        .join(Run, Run.id == StageRun.run_id)
        .join(maker, maker.id == select_maker_id())
        .where(StageRun.job_id == job_id, StageRun.origin == "reused")
        .order_by(StageRun.id)
    ).all()
    return [
        SpentCost(row.number, row.stage, row.language or None, saved_usd=row.cost_usd)
        for row in rows
    ]
