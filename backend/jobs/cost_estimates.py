"""What a run would cost: by what its stages have cost this job before, else by list prices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import mean
from uuid import UUID

from sqlalchemy import Connection, select

from backend.database.engine import Database
from backend.database.models.jobs import Job
from backend.database.models.runs import StageRun
from backend.database.models.uploads import Upload
from backend.pipeline.keys import find_provider
from backend.pipeline.params import JobParams, normalize_params
from backend.pipeline.plan import Place, Step, list_places
from backend.pipeline.prices import PriceList
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState
from backend.uploads import access


@dataclass(frozen=True)
class PastCost:
    """What one success cost, in US dollars, by whom it was done."""

    stage: Stage
    language: str
    provider: str | None
    usd: float


@dataclass(frozen=True)
class Estimator:
    """`seconds` is how long the recording is, None where that is not known."""

    history: Sequence[PastCost]
    prices: PriceList
    seconds: float | None

    def estimate_stage(self, stage: Stage, language: str, params: JobParams) -> float | None:
        """US dollars by the first provider of these; None when there is nothing to go by."""
        provider = find_provider(stage, params)
        return self.estimate_by(provider, stage, language) if provider else 0.0

    def estimate_by(self, provider: str, stage: Stage, language: str) -> float | None:
        """US dollars by this provider; None when there is nothing to go by."""
        known = estimate_from_history(stage, language, provider, self.history)
        if known is not None:
            return known
        return self.prices.estimate_usd(stage, provider, self.seconds)


def estimate_from_history(
    stage: Stage, language: str, provider: str, history: Sequence[PastCost]
) -> float | None:
    """US dollars: the most that this stage has cost with this provider in this language.

    For a language that is new it is the mean of all others; None when there is none to go by.
    What is kept from before is not bought again, so the true cost is often less.
    """
    alike = [one for one in history if (one.stage, one.provider) == (stage, provider)]
    mine = [one.usd for one in alike if one.language == language]
    if mine:
        return max(mine)
    return mean(one.usd for one in alike) if alike else None


def estimate_steps(
    db: Database, prices: PriceList, job_id: UUID, params: JobParams, steps: Sequence[Step]
) -> list[float | None]:
    """An estimate for each step of such a run; what is taken over costs nothing."""
    with db.read() as connection:
        estimator = build_estimator(connection, prices, job_id)
    return [
        estimator.estimate_stage(step.stage, step.language, params) if step.executed else 0.0
        for step in steps
    ]


def estimate_job(
    db: Database,
    prices: PriceList,
    user_id: UUID,
    params: JobParams,
    *,
    media_id: UUID,
    given: Collection[Place],
) -> tuple[list[Step], list[float | None]]:
    """What a new job would do and cost; `given` is what its user brings. Raises `Invalid`."""
    params = normalize_params(params)
    with db.read() as connection:
        media = access.require_upload(connection, user_id, media_id, access.MEDIA, "mediaId")
    estimator = Estimator((), prices, media.duration)
    places = [one for one in list_places(params, params.target_languages) if one not in given]
    costs = [estimator.estimate_stage(stage, language, params) for stage, language in places]
    return [Step(*place) for place in places], costs


def build_estimator(connection: Connection, prices: PriceList, job_id: UUID) -> Estimator:
    """What is known of a job."""
    seconds = connection.execute(
        select(Upload.duration).join(Job, Job.media_id == Upload.id).where(Job.id == job_id)
    ).scalar_one_or_none()
    return Estimator(_read_history(connection, job_id), prices, seconds)


def _read_history(connection: Connection, job_id: UUID) -> list[PastCost]:
    rows = connection.execute(
        select(StageRun.stage, StageRun.language, StageRun.cost_usd, StageRun.provider)
        .where(StageRun.job_id == job_id, StageRun.origin == "executed")
        .where(StageRun.state == StageState.SUCCEEDED)
    ).all()
    return [
        PastCost(
            stage=row.stage,
            language=row.language,
            provider=row.provider,
            usd=row.cost_usd,
        )
        for row in rows
    ]
