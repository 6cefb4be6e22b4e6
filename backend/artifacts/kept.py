"""Who used what is kept for all jobs, so that it can go with the last of them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from backend.database.engine import Database
from backend.database.models.kept import KeptObject


def note_uses(db: Database, job_id: UUID, keys: Collection[str]) -> None:
    """Write down that a job has used these objects; what is known already is no error."""
    if not keys:
        return
    insert = sqlite.insert if db.is_sqlite else postgresql.insert
    rows = [{"job_id": job_id, "object_key": key} for key in sorted(keys)]
    with db.write() as connection:
        connection.execute(insert(KeptObject).on_conflict_do_nothing(), rows)
