"""Celery's settings for an embedded house and for one with servers."""

import importlib
from types import ModuleType

import pytest

from backend.pipeline.stages import Stage


def read() -> ModuleType:
    return importlib.import_module("celeryconfig")


@pytest.fixture
def _servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", "redis://broker/0")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://db/dubline")


def test_an_embedded_house_has_its_messages_in_its_home(tmp_path):
    config = read()
    assert config.broker_url.startswith("filesystem://")
    folders = config.broker_transport_options
    assert folders["data_folder_in"] == folders["data_folder_out"]
    assert folders["data_folder_in"] == str(tmp_path / "home" / "broker" / "queue")


@pytest.mark.usefixtures("_servers")
def test_with_servers_redis_carries_the_messages():
    assert read().broker_url == "redis://broker/0"


@pytest.mark.usefixtures("_servers")
def test_a_message_outlives_every_stage():
    """Redis delivers again what is not acknowledged in this time, though it still runs."""
    assert read().broker_transport_options["visibility_timeout"] >= 12 * 3600


def test_there_is_a_queue_for_each_stage():
    assert [queue.name for queue in read().task_queues] == [str(stage) for stage in Stage]


def test_nothing_waits_for_results_and_only_json_is_read():
    config = read()
    assert (config.result_backend, config.task_ignore_result) == (None, True)
    assert config.accept_content == ["json"]
