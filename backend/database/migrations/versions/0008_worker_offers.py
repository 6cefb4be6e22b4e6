"""What the workers of each machine can do."""

import sqlalchemy as sa
from alembic import op

from backend.database.engine import Json, UtcDateTime
from backend.database.migrations.row_security import protect_table

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "worker_offers",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("offer", Json, nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("machine", name=op.f("pk_worker_offers")),
    )
    protect_table("worker_offers", None)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("GRANT SELECT ON worker_offers TO dubline_user")
        op.execute("CREATE POLICY reader ON worker_offers FOR SELECT TO dubline_user USING (true)")


def downgrade() -> None:
    op.drop_table("worker_offers")
