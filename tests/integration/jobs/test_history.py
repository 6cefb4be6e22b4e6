"""The finished jobs that benchmarks fill the tables with are like really finished ones."""

from backend.database.models.accounts import LOCAL_USER
from backend.jobs import listing, views
from backend.jobs.listing import JobFilter
from tests import factories
from tests.benchmarks import history


def test_copied_jobs_are_whole_and_older(postgres_database):
    job_id, run_id = factories.create_dub(postgres_database)
    factories.do_all(postgres_database, run_id)
    history.multiply(postgres_database, 3)
    listed = listing.read_job_page(
        postgres_database, LOCAL_USER, JobFilter(), limit=10, before=None
    )["jobs"]
    assert len(listed) == 4
    assert listed[0]["id"] == job_id
    copy = views.read_job_view(postgres_database, LOCAL_USER, listed[1]["id"])
    original = views.read_job_view(postgres_database, LOCAL_USER, job_id)
    assert copy["status"] == "succeeded"
    assert len(copy["artifacts"]) == len(original["artifacts"]) == 4
    assert len(views.read_events(postgres_database, LOCAL_USER, copy["id"])) == 11
