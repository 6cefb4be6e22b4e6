"""The second wall: what a query on Postgres returns that forgets whose rows it asks for."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, event, func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from backend.database import row_security, schema
from backend.database.engine import Database
from backend.database.models.accounts import LOCAL_USER, User
from backend.database.models.base import Base
from backend.database.models.jobs import Job
from backend.database.models.uploads import Upload
from backend.jobs import submit
from tests import factories

# Tables whose rows belong to users; those of accounts are seen by the system only.
OWNED = {
    *(
        "jobs",
        "job_facets",
        "share_links",
        "event_tickets",
        "uploads",
        "runs",
        "stage_runs",
        "artifacts",
        "job_events",
        "segment_edits",
        "kept_objects",
        "outbox",
    ),
}


@pytest.fixture
def database(postgres_database: Database) -> Iterator[Database]:
    """Acting as the system again at the end."""
    yield postgres_database
    row_security.act_as_system()


@pytest.fixture
def other(database: Database) -> UUID:
    """Somebody with a job that is done and one that runs."""
    user = factories.user(database)
    for _ in range(2):
        media = factories.upload(database, user_id=user)
        _, run_id = submit.create_job(database, user, factories.dub_params(), media_id=media)
    factories.do_all(database, run_id)
    return user


def count_rows(db: Database) -> dict[str, int]:
    with db.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in Base.metadata.tables.items()
            if name in OWNED
        }


def test_every_table_is_behind_the_wall(database):
    """Red when a new table comes without `protect_table`."""
    query = "SELECT relname FROM pg_class WHERE relrowsecurity"
    with database.read() as connection:
        assert set(connection.execute(text(query)).scalars()) == set(Base.metadata.tables)


def test_the_roles_have_no_way_around_it(database):
    around = "rolsuper OR rolbypassrls OR rolcanlogin"
    query = f"SELECT {around} FROM pg_roles WHERE rolname ~ '^dubline_'"  # noqa: S608
    with database.read() as connection:
        assert connection.execute(text(query)).scalars().all() == [False, False]
        roles = connection.execute(text("SELECT current_user, session_user")).one()
        assert tuple(roles) == ("dubline_system", "dubline")


def test_a_query_without_its_filter_returns_nothing_of_others(database, other):
    stranger = factories.user(database)
    assert count_rows(database)["jobs"] == 2
    with row_security.as_user(stranger):
        assert set(count_rows(database).values()) == {0}
    mine, _ = factories.create_dub(database)
    with row_security.as_user(LOCAL_USER), database.read() as connection:
        assert connection.execute(select(Job.id)).scalars().all() == [mine]
    with row_security.as_user(other):
        seen = count_rows(database)
    assert (seen["jobs"], seen["uploads"], seen["outbox"]) == (2, 2, 1)
    assert min(seen["runs"], seen["stage_runs"], seen["artifacts"], seen["job_events"]) > 0


def test_nothing_of_others_is_changed_or_made(database, other):
    with row_security.as_user(LOCAL_USER):
        with database.write() as connection:
            changed = connection.execute(update(Job).values(source_language="xx"))
            assert changed.rowcount == 0
        theirs = {"user_id": other, "role": "video", "filename": "x", "object_key": "x"}
        refused = pytest.raises(ProgrammingError, match="row-level security")
        with refused, database.write() as connection:
            connection.execute(insert(Upload).values(theirs))


def test_a_user_sees_no_accounts(database, other):
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with row_security.as_user(other), refused, database.read() as connection:
        connection.execute(select(User.password_hash))


def test_a_connection_that_goes_from_user_to_user_takes_nothing_along(migrated_postgres, other):
    """As a transaction pooler does it: one connection of the server for all."""
    db = Database(migrated_postgres)
    db.engine = create_engine(migrated_postgres, pool_size=1, max_overflow=0)
    event.listen(db.engine, "begin", row_security.enter_user_role)
    stranger = uuid4()
    told = []
    for user in (other, stranger, other, None, stranger):
        with row_security.as_user(user), db.read() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            told.append((pid, connection.execute(select(func.count(Job.id))).scalar_one()))
    assert [count for _, count in told] == [2, 0, 2, 2, 0]
    assert len({pid for pid, _ in told}) == 1
    db.engine.dispose()


def test_a_failed_transaction_leaves_no_user_behind(database, other):
    failed = pytest.raises(ProgrammingError)
    with row_security.as_user(other), failed, database.write() as connection:
        connection.execute(text("SELECT nonsense"))
    assert count_rows(database)["jobs"] == 2


@pytest.fixture
def parts(new_parts, migrated_postgres, redis_url):
    return new_parts(database_url=migrated_postgres, broker_url=redis_url)


def test_the_api_asks_as_the_user(parts, database, other, monkeypatch):
    """Red without acting as the user: this listing has lost its filter."""
    assert schema.is_current(parts.db)
    factories.create_dub(database)
    client = factories.api_client(parts)
    key = factories.api_key(database, other)

    def list_all(db: Database, *_: object, **__: object) -> dict[str, object]:
        with db.read() as connection:
            jobs = connection.execute(select(Job.__table__)).mappings().all()
        return {"jobs": [dict(job) for job in jobs], "next": None}

    monkeypatch.setattr("backend.jobs.listing.read_job_page", list_all)
    answer = client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"})
    assert len(answer.json["jobs"]) == 2
    assert count_rows(database)["jobs"] == 3, "whoever comes next on this thread is the system"
