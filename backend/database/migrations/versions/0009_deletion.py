"""What of a user's data can be deleted, and what was."""

import sqlalchemy as sa
from alembic import op

from backend.database.engine import UtcDateTime
from backend.database.migrations.row_security import BY_JOB, protect_table

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("uploads", sa.Column("deleted_at", UtcDateTime(), nullable=True))
    op.create_index("ix_jobs_media_id", "jobs", ["media_id"])
    op.create_index("ix_jobs_background_id", "jobs", ["background_id"])
    op.create_table(
        "kept_objects",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("object_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_kept_objects_job_id_jobs")),
        sa.PrimaryKeyConstraint("job_id", "object_key", name=op.f("pk_kept_objects")),
    )
    op.create_index("ix_kept_objects_object_key", "kept_objects", ["object_key"])
    protect_table("kept_objects", BY_JOB)


def downgrade() -> None:
    op.drop_table("kept_objects")
    op.drop_index("ix_jobs_background_id", "jobs")
    op.drop_index("ix_jobs_media_id", "jobs")
    op.drop_column("uploads", "deleted_at")
