"""Row-level security on Postgres: users see their own jobs and files, whatever a query forgets."""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations.row_security import (
    BY_JOB,
    BY_RUN,
    BY_USER,
    expose_table,
    protect_table,
)

revision = "0007"
down_revision = "0006"

TABLES = {
    **dict.fromkeys(("jobs", "uploads", "job_facets", "idempotency_keys"), BY_USER),
    **dict.fromkeys(("runs", "stage_runs", "artifacts", "job_events", "segment_edits"), BY_JOB),
    "outbox": BY_RUN,
    # What says who somebody is, and what all share.
    **dict.fromkeys(("users", "sessions", "mail_tokens", "api_keys", "login_attempts"), None),
    "provider_gates": None,
}
ROLES = ("dubline_system", "dubline_user")
REMEDY = (
    "the database needs the roles dubline_system and dubline_user: let an administrator run"
    " CREATE ROLE dubline_system NOLOGIN; CREATE ROLE dubline_user NOLOGIN;"
    " GRANT dubline_system, dubline_user TO ..., naming the user of DATABASE_URL"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _create_roles()
        op.execute("GRANT SELECT ON alembic_version TO dubline_system, dubline_user")
    for table, condition in TABLES.items():
        protect_table(table, condition)


def downgrade() -> None:
    for table in TABLES:
        expose_table(table)
    # The roles stay: they are the server's, and other databases of it may have them too.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("REVOKE ALL ON alembic_version FROM dubline_system, dubline_user")


def _create_roles() -> None:
    """Roles that nobody logs in as, and that the user of DATABASE_URL may take."""
    bind = op.get_bind()
    known = set(bind.execute(sa.text("SELECT rolname FROM pg_roles")).scalars())
    able = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    missing = [role for role in ROLES if role not in known]
    if missing and not bind.execute(sa.text(able)).scalar_one():
        raise RuntimeError(REMEDY)
    for role in missing:
        op.execute(f"CREATE ROLE {role} NOLOGIN NOBYPASSRLS")
    for role in ROLES:
        member = f"SELECT pg_has_role(current_user, '{role}', 'MEMBER')"  # noqa: S608 - our words
        if not bind.execute(sa.text(member)).scalar_one():
            op.execute(f"GRANT {role} TO current_user")
