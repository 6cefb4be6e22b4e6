"""What a run would cost, judged by what the same stages of the job have cost before."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from uuid import UUID

from sqlalchemy import select

from backend.database.engine import Database
from backend.database.models.runs import Run, StageRun
from backend.pipeline.keys import find_provider
from backend.pipeline.params import JobParams
from backend.pipeline.plan import Step
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState


@dataclass(frozen=True)
class PastCost:
    """What one success cost, in US dollars; `provider` as the run had pinned it, None for `mix`."""

    stage: Stage
    language: str
    provider: str | None
    usd: float


def estimate_step(step: Step, provider: str | None, history: Sequence[PastCost]) -> float | None:
    """US dollars: the most that this stage has cost with this provider in this language.

    For a language that is new it is the mean of all others; None when there is none to go by.
    What is kept from before is not bought again, so the true cost is often less. Where no provider
    is at work it costs nothing.
    """
    if not step.executed or provider is None:
        return 0.0
    alike = [one for one in history if (one.stage, one.provider) == (step.stage, provider)]
    mine = [one.usd for one in alike if one.language == step.language]
    if mine:
        return max(mine)
    return mean(one.usd for one in alike) if alike else None


def estimate_steps(
    db: Database, job_id: UUID, params: JobParams, steps: Sequence[Step]
) -> list[float | None]:
    """An estimate for each step of a run with these parameters."""
    history = _read_history(db, job_id)
    return [estimate_step(step, find_provider(step.stage, params), history) for step in steps]


def _read_history(db: Database, job_id: UUID) -> list[PastCost]:
    with db.read() as connection:
        rows = connection.execute(
            select(StageRun.stage, StageRun.language, StageRun.cost_usd, Run.params)
            .join(Run, Run.id == StageRun.run_id)
            .where(StageRun.job_id == job_id, StageRun.origin == "executed")
            .where(StageRun.state == StageState.SUCCEEDED)
        ).all()
    return [
        PastCost(
            stage=row.stage,
            language=row.language,
            provider=find_provider(row.stage, JobParams.model_validate(row.params)),
            usd=row.cost_usd,
        )
        for row in rows
    ]
