"""A fan-in as a stage of its own; what nobody reads goes, and what is computed is kept nowhere.

Where languages stand is computed from the markers (`language_tasks` goes); `join` makes the file
with all languages, so that runs of several languages that go on get its marker.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from uuid6 import uuid7

from backend.database.engine import Json, UtcDateTime

revision = "0002"
down_revision = "0001"

OLD = "stage IN ('asr', 'mt', 'tts', 'mix')"
NEW = "stage IN ('asr', 'mt', 'tts', 'mix', 'join')"

RUNS = sa.table("runs", sa.column("id", sa.Uuid()), sa.column("job_id", sa.Uuid()), sa.column("state"))
MARKERS = sa.table(
    "stage_runs",
    *(sa.column(name, sa.Uuid()) for name in ("id", "run_id", "job_id")),
    *(sa.column(name) for name in ("stage", "language", "state", "origin")),
    *(sa.column(name) for name in ("attempt", "limited", "limited_s", "fence")),
    *(sa.column(name) for name in ("progress", "cost_usd")),
    *(sa.column(name, Json) for name in ("memo", "warnings")),
)
ARTIFACTS = sa.table("artifacts", sa.column("stage_run_id", sa.Uuid()))
OUTBOX = sa.table("outbox", sa.column("run_id", sa.Uuid()))
TASKS = sa.table(
    "language_tasks",
    *(sa.column(name, sa.Uuid()) for name in ("id", "run_id")),
    *(sa.column(name) for name in ("language", "status", "progress")),
)
BUSY = {"asr": "stt", "mt": "translating", "tts": "dubbing", "mix": "mixing"}
SHARE = {"asr": 0.5, "mt": 0.1, "tts": 0.2, "mix": 0.2}
OPEN = ("waiting", "running")


def upgrade() -> None:
    op.drop_table("language_tasks")
    with op.batch_alter_table("artifacts") as table:
        table.drop_column("expires_at")
    _rewrite_warnings(lambda found: (found or {}).get("warnings", []))
    with op.batch_alter_table("stage_runs") as table:
        table.drop_column("owner")
        table.drop_column("heartbeat_at")
        table.alter_column("warnings", existing_type=Json, nullable=False)
        table.drop_constraint(op.f("ck_stage_runs_stage"), type_="check")
        table.create_check_constraint(op.f("ck_stage_runs_stage"), NEW)
    _add_fan_ins()


def downgrade() -> None:
    _remove_fan_ins()
    with op.batch_alter_table("stage_runs") as table:
        table.drop_constraint(op.f("ck_stage_runs_stage"), type_="check")
        table.create_check_constraint(op.f("ck_stage_runs_stage"), OLD)
        table.alter_column("warnings", existing_type=Json, nullable=True)
        table.add_column(sa.Column("heartbeat_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("owner", sa.String(), nullable=True))
    _rewrite_warnings(lambda found: {"warnings": found or []})
    with op.batch_alter_table("artifacts") as table:
        table.add_column(sa.Column("expires_at", UtcDateTime(), nullable=True))
    _create_language_tasks()
    rows = list(_build_tasks())
    if rows:
        op.bulk_insert(TASKS, rows)


def _rewrite_warnings(change: Any) -> None:
    bind = op.get_bind()
    for row in bind.execute(sa.select(MARKERS.c.id, MARKERS.c.warnings)).all():
        values = {"warnings": change(row.warnings)}
        bind.execute(MARKERS.update().where(MARKERS.c.id == row.id).values(values))


def _add_fan_ins() -> None:
    """Runs of several languages that go on have yet to put these together."""
    bind = op.get_bind()
    languages = sa.func.count(MARKERS.c.language.distinct())
    several = (
        sa.select(RUNS.c.id, RUNS.c.job_id)
        .join(MARKERS, MARKERS.c.run_id == RUNS.c.id)
        .where(RUNS.c.state == "active", MARKERS.c.language != "")
        .group_by(RUNS.c.id, RUNS.c.job_id)
        .having(languages > 1)
    )
    zeros = dict.fromkeys(("attempt", "limited", "limited_s", "fence", "progress", "cost_usd"), 0)
    same = {"stage": "join", "language": "", "state": "waiting", "origin": "executed"}
    rows = [
        {**zeros, **same, "id": uuid7(), "run_id": run, "job_id": job, "memo": {}, "warnings": []}
        for run, job in bind.execute(several).all()
    ]
    if rows:
        op.bulk_insert(MARKERS, rows)


def _remove_fan_ins() -> None:
    """Their files go with them; runs that only waited for them have ended."""
    bind = op.get_bind()
    joins = MARKERS.c.stage == "join"
    ids = sa.select(MARKERS.c.id).where(joins)
    bind.execute(ARTIFACTS.delete().where(ARTIFACTS.c.stage_run_id.in_(ids)))
    bind.execute(MARKERS.delete().where(joins))
    unfinished = sa.select(MARKERS.c.run_id).where(MARKERS.c.state.in_(OPEN))
    idle = (RUNS.c.state == "active") & RUNS.c.id.not_in(unfinished)
    done = sa.select(RUNS.c.id).where(idle)
    bind.execute(OUTBOX.delete().where(OUTBOX.c.run_id.in_(done)))
    lost = sa.select(MARKERS.c.run_id).where(MARKERS.c.state != "succeeded")
    whole = sa.case((RUNS.c.id.in_(lost), "partial"), else_="succeeded")
    bind.execute(RUNS.update().where(idle).values(state=whole))


def _create_language_tasks() -> None:
    op.create_table(
        "language_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'stt', 'translating', 'dubbing', 'mixing', 'exporting',"
            " 'complete', 'failed', 'cancelled')",
            name=op.f("ck_language_tasks_status"),
        ),
        sa.CheckConstraint(
            "progress >= 0 AND progress <= 1", name=op.f("ck_language_tasks_progress")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_language_tasks_run_id_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_language_tasks")),
        sa.UniqueConstraint("run_id", "language", name=op.f("uq_language_tasks_run_id_language")),
    )


def _build_tasks() -> Iterator[dict[str, Any]]:
    """A row for each language of each run, as its markers tell."""
    rows = op.get_bind().execute(
        sa.select(MARKERS.c.run_id, MARKERS.c.language, MARKERS.c.stage, MARKERS.c.state)
    )
    runs: dict[UUID, dict[str, dict[str, str]]] = {}
    for row in rows:
        runs.setdefault(row.run_id, {}).setdefault(row.language, {})[row.stage] = row.state
    for run_id, languages in runs.items():
        asr = languages.pop("", {})
        for language, states in languages.items():
            yield {
                "id": uuid7(),
                "run_id": run_id,
                "language": language,
                "status": _tell_status({**asr, **states}),
                "progress": _tell_progress({**asr, **states}),
            }


def _tell_status(states: dict[str, str]) -> str:
    if {"failed", "dead"} & set(states.values()):
        return "failed"
    current = next((stage for stage in BUSY if states.get(stage) in OPEN), None)
    if current is None:
        return "cancelled" if "cancelled" in states.values() else "complete"
    return "queued" if (current, states[current]) == ("asr", "waiting") else BUSY[current]


def _tell_progress(states: dict[str, str]) -> float:
    done = sum(SHARE[stage] for stage, state in states.items() if state == "succeeded")
    return min(1.0, done / sum(SHARE[stage] for stage in states))
