"""What lists of jobs are narrowed to and show: names, labels, languages, statuses."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from backend.database.engine import Json, UtcDateTime
from backend.pipeline.stages import FAN_IN, Stage
from backend.pipeline.states import StageState, compute_language_status, compute_run_end

revision = "0005"
down_revision = "0004"

STATES = "status IN ('running', 'succeeded', 'partial', 'failed', 'cancelled')"
JOBS = sa.table(
    "jobs",
    *(sa.column(name, sa.Uuid()) for name in ("id", "user_id")),
    *(sa.column(name, Json) for name in ("params", "labels")),
    sa.column("status"),
)
RUNS = sa.table(
    "runs",
    *(sa.column(name, sa.Uuid()) for name in ("id", "job_id")),
    *(sa.column(name) for name in ("number", "state")),
)
MARKERS = sa.table(
    "stage_runs",
    *(sa.column(name, sa.Uuid()) for name in ("run_id", "job_id")),
    *(sa.column(name) for name in ("stage", "language", "state")),
)
FACETS = sa.table(
    "job_facets",
    *(sa.column(name, sa.Uuid()) for name in ("user_id", "job_id")),
    *(sa.column(name) for name in ("facet", "value")),
)


def upgrade() -> None:
    op.add_column("jobs", sa.Column("name", sa.String(), nullable=True))
    op.add_column("jobs", sa.Column("labels", Json, nullable=True))
    op.add_column("jobs", sa.Column("status", sa.String(16), nullable=True))
    op.add_column("jobs", sa.Column("data_deleted_at", UtcDateTime(), nullable=True))
    op.create_table(
        "job_facets",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("facet", sa.String(16), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("facet IN ('label', 'language')", name=op.f("ck_job_facets_facet")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_job_facets_user_id_users")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_facets_job_id_jobs")),
        sa.PrimaryKeyConstraint(
            "user_id", "facet", "value", "job_id", name=op.f("pk_job_facets")
        ),
    )
    op.create_index("ix_job_facets_job_id", "job_facets", ["job_id"])
    op.create_index("ix_stage_runs_job_id", "stage_runs", ["job_id"])
    _fill()
    with op.batch_alter_table("jobs") as table:
        table.alter_column("labels", existing_type=Json, nullable=False)
        table.alter_column("status", existing_type=sa.String(16), nullable=False)
        table.create_check_constraint(op.f("ck_jobs_status"), STATES)
    op.create_index("ix_jobs_user_id_kind_id", "jobs", ["user_id", "kind", "id"])
    op.create_index("ix_jobs_user_id_status_id", "jobs", ["user_id", "status", "id"])
    op.create_index("ix_artifacts_job_id", "artifacts", ["job_id"])
    op.create_index("ix_uploads_user_id_id", "uploads", ["user_id", "id"])
    dead = sa.text("state = 'dead'")
    op.create_index(
        "ix_stage_runs_dead",
        "stage_runs",
        ["finished_at"],
        postgresql_where=dead,
        sqlite_where=dead,
    )


def downgrade() -> None:
    op.drop_index("ix_stage_runs_dead", "stage_runs")
    op.drop_index("ix_uploads_user_id_id", "uploads")
    op.drop_index("ix_artifacts_job_id", "artifacts")
    op.drop_index("ix_stage_runs_job_id", "stage_runs")
    op.drop_index("ix_jobs_user_id_status_id", "jobs")
    op.drop_index("ix_jobs_user_id_kind_id", "jobs")
    op.drop_table("job_facets")
    with op.batch_alter_table("jobs") as table:
        table.drop_constraint(op.f("ck_jobs_status"), type_="check")
        for name in ("name", "labels", "status", "data_deleted_at"):
            table.drop_column(name)


def _fill() -> None:
    """Where each job stands, by the latest marker of each stage, and its languages."""
    connection = op.get_bind()
    for job in connection.execute(sa.select(JOBS)).all():
        latest, running = _read_latest(connection, job.id)
        tags = dict.fromkeys(tag for _, tag in latest if tag)
        status = "running" if running else str(_compute_status(latest, tags))
        written = sa.update(JOBS).where(JOBS.c.id == job.id).values(status=status, labels=[])
        connection.execute(written)
        for tag in dict.fromkeys((*job.params["target_languages"], *tags)):
            row = {"user_id": job.user_id, "job_id": job.id, "facet": "language", "value": tag}
            connection.execute(sa.insert(FACETS).values(row))


def _read_latest(connection: sa.Connection, job_id: Any) -> tuple[dict[Any, StageState], bool]:
    rows = connection.execute(
        sa.select(MARKERS.c.stage, MARKERS.c.language, MARKERS.c.state, RUNS.c.state.label("run"))
        .join(RUNS, RUNS.c.id == MARKERS.c.run_id)
        .where(MARKERS.c.job_id == job_id)
        .order_by(RUNS.c.number)
    ).all()
    latest = {(Stage(row.stage), row.language): StageState(row.state) for row in rows}
    return latest, any(row.run == "running" for row in rows)


def _compute_status(latest: dict[Any, StageState], tags: dict[str, None]) -> str:
    once = {stage: state for (stage, tag), state in latest.items() if not tag}
    fan_in = [once.pop(stage) for stage in FAN_IN if stage in once]
    statuses = [
        compute_language_status(
            once | {stage: state for (stage, own), state in latest.items() if own == tag}
        )
        for tag in tags or ("",)
    ]
    return compute_run_end(statuses, fan_in)
