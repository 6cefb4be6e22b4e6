"""The desk of a stage: what workers of one machine do one after the other."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.database import schema
from backend.database.models.runs import StageRun
from backend.errors import Stopping
from backend.pipeline.stages import Stage
from backend.wiring import Parts
from tests import factories
from workers.runtime.context import WorkDesk
from workers.runtime.heartbeat import Heart


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def desk(tmp_path: Path, stopping: threading.Event) -> Iterator[WorkDesk]:
    parts = Parts(factories.stub_settings(tmp_path / "home"))
    schema.migrate(parts.db)
    claim = factories.claimed(parts.db, factories.dub(parts.db)[1], Stage.ASR)
    with Heart(parts.db, claim, heartbeat_s=15, limit_s=60, stopping=stopping) as heart:
        yield WorkDesk(parts, claim, heart, tmp_path, [])
    parts.db.engine.dispose()


def test_the_same_thing_is_done_by_one_at_a_time(desk):
    order: list[str] = []

    def second() -> None:
        with desk.alone("video-5a"):
            order.append("second")

    other = threading.Thread(target=second)
    with desk.alone("video-5a"):
        other.start()
        with desk.alone("video-5b"):
            order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_a_stage_that_waits_can_be_stopped(desk, stopping):
    stopping.set()
    with desk.alone("video-5a"), pytest.raises(Stopping), desk.alone("video-5a"):
        raise AssertionError("both at once")


def test_what_is_remembered_outlives_the_worker(desk):
    desk.remember("vendor_job", "j-1")
    with desk._db.read() as connection:
        assert connection.execute(select(StageRun.memo)).scalars().first() == {"vendor_job": "j-1"}
