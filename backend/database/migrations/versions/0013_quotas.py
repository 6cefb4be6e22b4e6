"""How much each user may have, where that differs from the settings."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from backend.database.engine import Json

revision = "0013"
down_revision = "0012"

QUOTAS: Any = Json


def upgrade() -> None:
    op.add_column("users", sa.Column("quotas", QUOTAS, nullable=True))


def downgrade() -> None:
    op.drop_column("users", "quotas")
