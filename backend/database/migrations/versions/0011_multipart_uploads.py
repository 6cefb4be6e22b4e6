"""Files that come in parts, and are looked into beside requests."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from backend.database.engine import Json, UtcDateTime

revision = "0011"
down_revision = "0010"

COLUMNS: dict[str, Any] = {
    "expected_size": sa.BigInteger(),
    "expected_sha256": sa.String(),
    "multipart_id": sa.String(),
    "part_size": sa.BigInteger(),
    "verifying_until": UtcDateTime(),
    "refusal": Json,
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("uploads", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("uploads", name)
