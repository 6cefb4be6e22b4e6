"""Who may see a job."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from backend.database.models.jobs import Job
from backend.errors import NotFound


def read_job(connection: Connection, user_id: UUID, job_id: UUID) -> Row[Any]:
    """The job's row; raises `NotFound`, also for somebody else's job."""
    job = connection.execute(
        select(Job.__table__).where(Job.id == job_id, Job.user_id == user_id)
    ).one_or_none()
    if job is None:
        raise NotFound(f"There is no job {job_id}")
    return job
