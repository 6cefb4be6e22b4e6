"""A run that goes on is called `running`, as its job is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ENDED = "'succeeded', 'partial', 'failed', 'cancelled'"


def upgrade() -> None:
    _rename("active", "running")


def downgrade() -> None:
    _rename("running", "active")


def _rename(old: str, new: str) -> None:
    op.drop_index(f"uq_runs_one_{old}", "runs")
    with op.batch_alter_table("runs") as table:
        table.drop_constraint(op.f("ck_runs_state"), type_="check")
    op.execute(f"UPDATE runs SET state = '{new}' WHERE state = '{old}'")  # noqa: S608 - our words
    with op.batch_alter_table("runs") as table:
        table.create_check_constraint(op.f("ck_runs_state"), f"state IN ('{new}', {ENDED})")
    where = sa.text(f"state = '{new}'")
    op.create_index(
        f"uq_runs_one_{new}",
        "runs",
        ["job_id"],
        unique=True,
        postgresql_where=where,
        sqlite_where=where,
    )
