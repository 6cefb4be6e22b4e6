"""What migrations call to put a table behind row-level security; nothing on SQLite.

Every new table needs one of these: tests/integration/database/test_row_security.py looks for them.
"""

from alembic import op

# The setting is empty, not missing, on a connection that had it in an earlier transaction.
ME = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"
# The condition by which a row is the user's, for a table that has the column.
BY_USER = f"user_id = {ME}"
BY_JOB = "EXISTS (SELECT FROM jobs WHERE jobs.id = job_id)"  # of which a user sees their own
BY_RUN = "EXISTS (SELECT FROM runs WHERE runs.id = run_id)"


def protect_table(table: str, condition: str | None) -> None:
    """Let the system see all rows, a user those of which the condition holds; None: no row."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO dubline_system")
    op.execute(f"CREATE POLICY system ON {table} TO dubline_system USING (true)")
    if condition is not None:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO dubline_user")
        op.execute(f"CREATE POLICY owner ON {table} TO dubline_user USING ({condition})")


def expose_table(table: str) -> None:
    """Take it away again."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(f"DROP POLICY IF EXISTS owner ON {table}")
    op.execute(f"DROP POLICY system ON {table}")
    op.execute(f"REVOKE ALL ON {table} FROM dubline_system, dubline_user")
    op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
