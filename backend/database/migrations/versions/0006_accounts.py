"""Accounts: users with mail and password, their sessions, API keys, and what is mailed to them."""

import sqlalchemy as sa
from alembic import op

from backend.database.engine import Json, UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("role", sa.String(16), nullable=False, server_default="user"))
        table.add_column(sa.Column("email", sa.String(), nullable=True))
        table.add_column(sa.Column("email_confirmed_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("password_hash", sa.String(), nullable=True))
        table.add_column(sa.Column("subject", sa.String(), nullable=True))
        table.add_column(sa.Column("disabled_at", UtcDateTime(), nullable=True))
        table.create_check_constraint(op.f("ck_users_role"), "role IN ('user', 'admin')")
        table.create_unique_constraint(op.f("uq_users_email"), ["email"])
        table.create_unique_constraint(op.f("uq_users_subject"), ["subject"])
    with op.batch_alter_table("users") as table:
        table.alter_column("role", server_default=None)
    # Whoever reaches an open house may do all in it.
    op.execute("UPDATE users SET role = 'admin'")
    _create_owned(
        "sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )
    _create_owned(
        "mail_tokens",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("purpose IN ('confirm', 'reset')", name=op.f("ck_mail_tokens_purpose")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mail_tokens_token_hash")),
    )
    _create_owned(
        "api_keys",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    op.create_index("ix_login_attempts_key", "login_attempts", ["key"])


def downgrade() -> None:
    op.drop_index("ix_login_attempts_key", "login_attempts")
    op.drop_table("login_attempts")
    for name in ("api_keys", "mail_tokens", "sessions"):
        op.drop_index(f"ix_{name}_user_id", name)
        op.drop_table(name)
    with op.batch_alter_table("users") as table:
        table.drop_constraint(op.f("uq_users_subject"), type_="unique")
        table.drop_constraint(op.f("uq_users_email"), type_="unique")
        table.drop_constraint(op.f("ck_users_role"), type_="check")
        for name in ("disabled_at", "subject", "password_hash", "email_confirmed_at", "email"):
            table.drop_column(name)
        table.drop_column("role")


def _create_owned(name: str, *columns: sa.schema.SchemaItem) -> None:
    """A table of what belongs to users."""
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{name}_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_user_id", name, ["user_id"])
