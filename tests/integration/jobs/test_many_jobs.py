"""What the API asks of the database does not grow with the jobs that are there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import event

from backend.database.engine import Database
from backend.database.models.accounts import LOCAL_USER
from backend.jobs import dead_letters, idempotency, listing, views
from backend.jobs.listing import JobFilter
from tests import factories
from tests.integration.runs.test_statements import count_statements

FILTERS = {
    "none": JobFilter(),
    "status": JobFilter(status="failed"),
    "kind": JobFilter(kind="transcribe"),
    "language": JobFilter(language="fr"),
    "label": JobFilter(label="none"),
    "time": JobFilter(created_to=datetime(2026, 1, 1, tzinfo=UTC)),
}
SCANS = ("Seq Scan on ",)


@contextmanager
def explain_queries(db: Database) -> Iterator[list[str]]:
    """The plans of all that is read meanwhile, with nothing but what indexes lead to."""
    plans: list[str] = []

    def note(connection, cursor, statement, parameters, *_: object) -> None:
        if statement.startswith("SELECT"):
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def check_plans(plans: list[str]) -> None:
    """Red without an index for it: a scan is all that is left then, however dear it is said."""
    assert plans
    for plan in plans:
        assert not any(scan in plan for scan in SCANS), plan


@pytest.mark.parametrize("name", FILTERS)
def test_a_list_reads_no_table_through(postgres_database, name):
    factories.create_dub(postgres_database)
    with explain_queries(postgres_database) as plans:
        listing.read_job_page(
            postgres_database, LOCAL_USER, FILTERS[name], limit=20, before=UUID(int=(1 << 128) - 1)
        )
    check_plans(plans)


def test_a_job_and_dead_letters_read_no_table_through(postgres_database):
    job_id, run_id = factories.create_dub(postgres_database)
    factories.do_all(postgres_database, run_id)
    with explain_queries(postgres_database) as plans:
        views.read_job_view(postgres_database, LOCAL_USER, job_id)
        dead_letters.list_dead_letters(postgres_database, LOCAL_USER)
        idempotency.claim_key(postgres_database, LOCAL_USER, "k", "f")
    check_plans(plans)


@pytest.mark.parametrize("jobs", [1, 20])
def test_a_page_takes_two_statements(postgres_database, jobs):
    for _ in range(jobs):
        factories.create_dub(postgres_database)
    with count_statements(postgres_database) as sent:
        page = listing.read_job_page(
            postgres_database, LOCAL_USER, JobFilter(), limit=100, before=None
        )
    assert len(page["jobs"]) == jobs
    assert len(sent) == 2, "\n\n".join(sent)


def test_a_job_takes_four_statements(postgres_database):
    job_id, run_id = factories.create_dub(postgres_database, "es", "pt")
    factories.do_all(postgres_database, run_id, "es", "pt")
    with count_statements(postgres_database) as sent:
        views.read_job_view(postgres_database, LOCAL_USER, job_id)
    assert len(sent) == 4, "\n\n".join(sent)
