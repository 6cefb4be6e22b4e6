"""Share links: a job's files for whoever has one."""

import sqlalchemy as sa
from alembic import op

from backend.database.engine import UtcDateTime
from backend.database.migrations.row_security import BY_JOB, expose_table, protect_table

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "share_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_share_links_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_share_links_token_hash")),
    )
    op.create_index("ix_share_links_job_id", "share_links", ["job_id"])
    protect_table("share_links", BY_JOB)


def downgrade() -> None:
    expose_table("share_links")
    op.drop_index("ix_share_links_job_id", "share_links")
    op.drop_table("share_links")
