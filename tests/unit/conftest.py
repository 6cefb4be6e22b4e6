"""Unit tests reach for nothing outside their process."""

import socket
from typing import NoReturn

import pytest


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: socket.socket, address: object) -> NoReturn:
        pytest.fail(f"a unit test tried to connect to {address}: it belongs in tests/integration")

    monkeypatch.setattr(socket.socket, "connect", refuse)
