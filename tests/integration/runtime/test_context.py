"""The context of a stage: what workers of one machine do one after the other."""

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
from workers.providers.registry import ProviderRegistry
from workers.runtime.context import WorkerContext
from workers.runtime.heartbeat import Heartbeat


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def context(tmp_path: Path, stopping: threading.Event) -> Iterator[WorkerContext]:
    parts = Parts(factories.stub_settings(tmp_path / "home"))
    schema.migrate(parts.db)
    claim = factories.claim_stage(parts.db, factories.create_dub(parts.db)[1], Stage.ASR)
    with Heartbeat(parts.db, claim, heartbeat_s=15, limit_s=60, stopping=stopping) as heartbeat:
        yield WorkerContext(
            *(parts, ProviderRegistry(parts.settings), claim, heartbeat),
            workdir=tmp_path,
            bill=[],
            used=set(),
        )
    parts.db.engine.dispose()


def test_the_same_thing_is_done_by_one_at_a_time(context):
    order: list[str] = []

    def second() -> None:
        with context.hold_alone("video-5a"):
            order.append("second")

    other = threading.Thread(target=second)
    with context.hold_alone("video-5a"):
        other.start()
        with context.hold_alone("video-5b"):
            order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_a_stage_that_waits_can_be_stopped(context, stopping):
    stopping.set()
    with context.hold_alone("video-5a"), pytest.raises(Stopping), context.hold_alone("video-5a"):
        raise AssertionError("both at once")


def test_what_is_remembered_outlives_the_worker(context):
    context.remember("vendor_job", "j-1")
    with context._db.read() as connection:
        assert connection.execute(select(StageRun.memo)).scalars().first() == {"vendor_job": "j-1"}
