"""The embedded stack with real processes: what it says when one ends, and what it does."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import httpx
import pytest

from backend.cli.child import ChildProcess
from backend.cli.supervisor import Stack
from backend.process.listener import listen
from backend.settings import Settings, load
from tests.chaos.house import wait_for

TOLD = "the shared library libatomic.so.1 is missing: apt-get install libatomic1"
DEADLINE_S = 60


@pytest.fixture
def settings(monkeypatch) -> Settings:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    return load(api_port=0)


@pytest.fixture(params=["log", "terminal"])
def logs(request, tmp_path) -> Path | None:
    return tmp_path / "logs" if request.param == "log" else None


def child(stack: Stack, role: str) -> ChildProcess:
    return next(one for one in stack._children if one.role == role)


def test_a_worker_that_cannot_start_is_told_at_once_and_given_up(
    settings, break_module, logs, capfd
):
    break_module("soundfile")
    with Stack(settings, logs=logs) as stack:
        assert stack.failed.wait(DEADLINE_S)
    told = capfd.readouterr().err
    assert "Traceback" not in told
    said = [line for line in told.splitlines() if line.startswith("worker ")]
    assert said == [
        f"worker ended unexpectedly: starting it again: {TOLD}",
        f"worker keeps ending: {TOLD}",
    ]


def test_an_api_that_cannot_start_is_told_and_everybody_else_ends(settings, break_module, logs):
    break_module("uvicorn")
    stack = Stack(settings, logs=logs)
    with pytest.raises(click.ClickException, match=r"The API did not start: .* libatomic1"):
        stack.__enter__()
    assert all(one.process.poll() is not None for one in stack._children)
    assert not (settings.dubline_home / "url").exists()


def test_who_is_killed_is_started_again(settings, logs):
    with Stack(settings, logs=logs) as stack:
        for role in ("worker", "api"):
            before = child(stack, role).process
            before.send_signal(signal.SIGKILL)
            wait_for(lambda b=before, r=role: child(stack, r).process is not b or None, role)
        # The socket was open all the while: whoever asks meanwhile is answered a little later.
        assert httpx.get(f"{stack.url}/healthz", timeout=DEADLINE_S).is_success
        assert not stack.failed.is_set()


def test_a_port_that_is_taken_is_named(settings):
    with closing(listen("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "backend.cli.main", "up"]
        environment = os.environ | {"API_PORT": str(port)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"Error: 127.0.0.1:{port} is in use already: ")


@pytest.mark.parametrize("role", ["worker", "reconciler", "migrate", "up"])
def test_a_home_that_cannot_be_written_to_is_told_by_whoever_meets_it(settings, tmp_path, role):
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    command = [sys.executable, "-m", "backend.cli.main", role]
    environment = os.environ | {"DUBLINE_HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(told) == 1
    assert str(home) in told[0]
    assert "set DUBLINE_HOME to " in told[0]
