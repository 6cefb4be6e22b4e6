"""The embedded broker's messages appear whole or not at all."""

import threading
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

MESSAGES = 300


@pytest.fixture
def channel(tmp_path: Path):
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    broker = Connection("filesystem://", transport="backend.broker.filesystem:Transport")
    broker.transport_options = folders | {"control_folder": str(tmp_path / "control")}
    with broker:
        yield broker.channel()


def test_a_reader_never_meets_half_a_message(channel):
    """Turns red with kombu's own channel, which opens the file before it writes it."""
    payload = {"body": "x" * 100_000}

    def write() -> None:
        for _ in range(MESSAGES):
            channel._put("asr", payload)

    writer = threading.Thread(target=write)
    writer.start()
    got = 0
    while writer.is_alive() or channel._size("asr"):
        try:
            assert channel._get("asr") == payload
            got += 1
        except Empty:
            continue
    writer.join()
    assert got == MESSAGES


def test_messages_come_in_the_order_in_which_they_were_sent(channel):
    for number in range(20):
        channel._put("mt", number)
    assert [channel._get("mt") for _ in range(20)] == list(range(20))
