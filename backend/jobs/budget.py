"""Whether a job may go on spending (`maxCost`)."""

from sqlalchemy import Connection, func, literal, select, tuple_

from backend.database.engine import Database
from backend.database.models.runs import StageRun
from backend.errors import Refused
from backend.jobs.cost_estimates import Estimator, build_estimator
from backend.pipeline.prices import PriceList
from backend.pipeline.states import StageState
from backend.runs.leases import Claim


def require_budget(db: Database, prices: PriceList, claim: Claim, provider: str) -> None:
    """Raise `Refused` when this stage by this provider would bring the job above its limit.

    What stages that began before it and still run are expected to cost counts too. A stage that
    costs nothing goes on: it makes something of what was paid for.
    """
    most = claim.params.max_cost
    if most is None:
        return
    with db.read() as connection:
        estimator = build_estimator(connection, prices, claim.job_id)
        expected = estimator.estimate_by(provider, claim.stage, claim.language)
        spent = _read_spent(connection, claim)
        promised = _estimate_others(connection, claim, estimator)
    refuse_above(most, spent + promised, expected)


def refuse_above(most: float, spent: float, expected: float | None) -> None:
    """Raise `Refused` with the sums; where no estimate is known, once all is spent."""
    if expected == 0 or (spent < most if expected is None else spent + expected <= most):
        return
    known = f"this would cost about {expected:.4f}" if expected else ""
    told = known or "nobody knows what this would cost"
    raise Refused(
        f"maxCost: {told}, {spent:.4f} is spent or promised, and {most:.4f} USD is the"
        " most; run it again with a higher maxCost or another provider"
    )


def _read_spent(connection: Connection, claim: Claim) -> float:
    spent = connection.execute(
        select(func.sum(StageRun.cost_usd)).where(StageRun.job_id == claim.job_id)
    ).scalar_one()
    return float(spent or 0.0)


def _estimate_others(connection: Connection, claim: Claim, estimator: Estimator) -> float:
    began = select(StageRun.started_at).where(StageRun.id == claim.id).scalar_subquery()
    rows = connection.execute(
        select(StageRun.stage, StageRun.language)
        .where(StageRun.run_id == claim.run_id, StageRun.state == StageState.RUNNING)
        # Of two that begin at once one goes first, or both would be refused for the other's sake.
        .where(tuple_(StageRun.started_at, StageRun.id) < tuple_(began, literal(claim.id)))
    ).all()
    return sum(
        estimator.estimate_stage(row.stage, row.language, claim.params) or 0.0 for row in rows
    )
