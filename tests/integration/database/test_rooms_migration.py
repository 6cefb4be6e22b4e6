"""From the first schema to the newest and back, with jobs in it."""

import pytest
from alembic import command
from sqlalchemy import inspect, select, text

from backend.database import schema
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import StageRun
from backend.jobs import views
from backend.pipeline.stages import Stage
from tests import factories


def downgrade(db) -> None:
    with db.rebuild() as connection:
        command.downgrade(schema.build_config(connection), "0001")


def test_jobs_survive_the_way_down_and_up(database):
    done, run = factories.create_dub(database, "es", "pt")
    factories.do_all(database, run, "es", "pt")
    active, run = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run, Stage.ASR)
    before = [views.read_job_view(database, LOCAL_USER, job_id) for job_id in (done, active)]
    downgrade(database)
    with database.read() as connection:
        told = connection.execute(text("SELECT status FROM language_tasks")).scalars().all()
        assert sorted(told) == ["complete", "complete", "translating", "translating"]
        states = connection.execute(text("SELECT state FROM runs")).scalars()
        assert sorted(states) == ["active", "succeeded"]
        assert "join" not in connection.execute(text("SELECT stage FROM stage_runs")).scalars()
    schema.migrate(database)
    after = [views.read_job_view(database, LOCAL_USER, job_id) for job_id in (done, active)]
    for key in ("status", "languages"):
        assert [job[key] for job in after] == [job[key] for job in before]


def test_a_run_that_goes_on_gets_its_fan_in(database):
    job_id, run = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run, Stage.ASR)
    downgrade(database)
    schema.migrate(database)
    for language in ("es", "pt"):
        for stage in (Stage.MT, Stage.TTS, Stage.MIX):
            factories.do_stage(database, run, stage, language)
    assert views.read_job_view(database, LOCAL_USER, job_id)["status"] == "running"
    factories.do_stage(database, run, Stage.JOIN)
    assert views.read_job_view(database, LOCAL_USER, job_id)["status"] == "succeeded"


@pytest.mark.parametrize("warnings", [[], ["one line is fast"]])
def test_warnings_keep_their_words(database, warnings):
    factories.create_dub(database)
    with database.write() as connection:
        connection.execute(StageRun.__table__.update().values(warnings=warnings))
    downgrade(database)
    with database.read() as connection:
        assert "language_tasks" in inspect(connection).get_table_names()
    schema.migrate(database)
    with database.read() as connection:
        assert connection.execute(select(StageRun.warnings)).scalars().first() == warnings
