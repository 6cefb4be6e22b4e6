"""What users call their jobs, and file them under."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from backend.database.engine import Database
from backend.database.models.jobs import Facet, Job, JobFacet
from backend.jobs import access

MOST_LABELS, LONGEST_LABEL, LONGEST_NAME = 20, 50, 200


def change_job(db: Database, user_id: UUID, job_id: UUID, values: dict[str, Any]) -> None:
    """Change a job's `name` or `labels`; raises `NotFound`."""
    if "labels" in values:
        values = {**values, "labels": list(dict.fromkeys(values["labels"]))}
    with db.write() as connection:
        access.read_job(connection, user_id, job_id)
        if values:
            connection.execute(update(Job).where(Job.id == job_id).values(values))
        if "labels" in values:
            mine = (JobFacet.job_id == job_id, JobFacet.facet == Facet.LABEL)
            connection.execute(delete(JobFacet).where(*mine))
            insert_facets(connection, user_id, job_id, Facet.LABEL, values["labels"])


def insert_facets(
    connection: Connection, user_id: UUID, job_id: UUID, facet: Facet, values: Iterable[str]
) -> None:
    """Let lists find a job by these, each of which it does not have yet."""
    rows = [
        {"user_id": user_id, "job_id": job_id, "facet": facet, "value": value}
        for value in dict.fromkeys(values)
    ]
    if rows:
        connection.execute(insert(JobFacet), rows)


def add_languages(
    connection: Connection, user_id: UUID, job_id: UUID, languages: Sequence[str]
) -> None:
    """Let lists find a job by further languages; its row must be locked."""
    new = list_new_languages(connection, job_id, languages)
    insert_facets(connection, user_id, job_id, Facet.LANGUAGE, new)


def list_new_languages(connection: Connection, job_id: UUID, languages: Sequence[str]) -> list[str]:
    """Those that the job was not dubbed into so far."""
    mine = (JobFacet.job_id == job_id, JobFacet.facet == Facet.LANGUAGE)
    known = set(connection.execute(select(JobFacet.value).where(*mine)).scalars())
    return [tag for tag in languages if tag not in known]
