"""Commands of engines: their output, their failures, and that they can be stopped."""

import time

import pytest

from backend.errors import Cancelled, Permanent, Transient
from backend.process.interrupt import interruptible
from workers.providers import tools
from workers.providers.tools import run_tool


def test_what_it_writes_is_its_answer():
    large = b"x" * (1 << 20)
    assert run_tool(["cat"], large, package="coreutils") == large


def test_what_fails_says_why():
    with pytest.raises(Transient, match=r"sh failed \(3\): no"):
        run_tool(["sh", "-c", "echo no >&2; exit 3"], b"", package="dash")
    with pytest.raises(Permanent, match="apt-get install dash"):
        run_tool(["no-such-command"], b"", package="dash")


def test_what_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(tools, "TIMEOUT_S", 0.2)
    with pytest.raises(Transient, match=r"sleep took more than 0\.2 s"):
        run_tool(["sleep", "60"], b"", package="coreutils")


def test_who_is_cancelled_does_not_wait_for_it():
    began = time.monotonic()

    def check() -> None:
        if time.monotonic() - began > 0.3:
            raise Cancelled("stop")

    with pytest.raises(Cancelled), interruptible(check):
        run_tool(["sleep", "60"], b"", package="coreutils")
    assert time.monotonic() - began < 2
