"""Tickets to streams of events."""

import sqlalchemy as sa
from alembic import op

from backend.database.engine import UtcDateTime
from backend.database.migrations.row_security import BY_JOB, expose_table, protect_table

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "event_tickets",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_event_tickets_job_id_jobs")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_event_tickets_user_id_users")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_event_tickets")),
    )
    op.create_index("ix_event_tickets_job_id", "event_tickets", ["job_id"])
    op.create_index("ix_event_tickets_expires_at", "event_tickets", ["expires_at"])
    protect_table("event_tickets", BY_JOB)


def downgrade() -> None:
    expose_table("event_tickets")
    op.drop_index("ix_event_tickets_expires_at", "event_tickets")
    op.drop_index("ix_event_tickets_job_id", "event_tickets")
    op.drop_table("event_tickets")
