"""Commands that share the embedded stack of their home: whoever comes first, whoever ends first."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import httpx
import psutil
import pytest

from backend.cli.client import connect
from backend.cli.lease import lease_stack
from backend.cli.stack_files import StackFiles
from backend.settings import Settings, load
from tests.chaos.house import wait_for

ROOT = Path(__file__).parents[3]
STUBS = dict.fromkeys(("TRANSCRIPTION_BACKEND", "TRANSLATION_BACKEND", "TTS_BACKEND"), "stub,local")
DEADLINE_S = 90
# Uses the stack until its input ends.
USER = """
import sys
from backend import settings
from backend.cli.lease import lease_stack
with lease_stack(settings.load()) as lease:
    print(lease.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(monkeypatch) -> Settings:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name, value in STUBS.items():
        monkeypatch.setenv(name, value)
    return load()


@pytest.fixture(autouse=True)
def _nothing_is_left(settings) -> Iterator[None]:
    yield
    home = str(settings.dubline_home)
    wait_for(lambda: None if list_processes(home) else True, "all processes to end", DEADLINE_S)
    assert not (settings.dubline_home / "url").exists()


def list_processes(home: str) -> list[psutil.Process]:
    """Those of a stack on this home."""
    found = []
    for process in psutil.process_iter():
        try:
            command, environment = process.cmdline(), process.environ()
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            continue
        if "backend.cli.main" in command and environment.get("DUBLINE_HOME") == home:
            found.append(process)
    return found


def find_stack(settings: Settings) -> psutil.Process:
    return psutil.Process(StackFiles(settings.dubline_home).read_process_id())


def is_alive(url: str) -> bool:
    return httpx.get(f"{url}/healthz", timeout=DEADLINE_S).is_success


def run(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "backend.cli.main", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def using(settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    """Another process that uses the stack."""
    with subprocess.Popen(
        [sys.executable, "-c", USER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as user:
        yield user


def transcribe(folder: Path, name: str) -> "subprocess.Popen[str]":
    path = folder / f"{name}.txt"
    path.write_text(f"Hello, {name}.\n")
    return run("transcribe", str(path), "--from", "en", "--out", str(folder / name))


def check_done(command: "subprocess.Popen[str]", folder: Path) -> str:
    output, _ = command.communicate(timeout=DEADLINE_S)
    assert command.returncode == 0, output
    assert (folder / "transcript.srt").exists(), output
    return output


def test_two_that_start_at_the_same_instant_share_one_stack(settings, tmp_path):
    commands = {name: transcribe(tmp_path, name) for name in ("first", "second")}
    told = "".join(check_done(command, tmp_path / name) for name, command in commands.items())
    assert told.count("Starting Dubline") == 1


def test_what_the_first_one_started_goes_on_when_it_has_ended(settings, tmp_path):
    with using(settings) as first:
        assert first.stdout and first.stdin
        url = first.stdout.readline().strip()
        with lease_stack(settings) as lease:
            assert lease.url == url
            first.stdin.close()
            first.wait(DEADLINE_S)
            assert is_alive(url)
            second = transcribe(tmp_path, "second")
            check_done(second, tmp_path / "second")
            assert is_alive(url)
    assert lease.last
    assert StackFiles(settings.dubline_home).open_life_lock().try_share()  # it was waited for


def test_what_the_first_one_started_goes_on_when_it_was_killed(settings, tmp_path):
    with using(settings) as first:
        assert first.stdout
        url = first.stdout.readline().strip()
        with lease_stack(settings):
            first.send_signal(signal.SIGKILL)
            first.wait(DEADLINE_S)
            assert is_alive(url)


def test_the_stack_ends_when_its_only_user_was_killed(settings):
    with using(settings) as only:
        assert only.stdout
        only.stdout.readline()
        only.send_signal(signal.SIGKILL)


def test_who_is_killed_while_it_starts_the_stack_leaves_it_to_the_others(settings):
    with using(settings) as first:
        wait_for(lambda: list_processes(str(settings.dubline_home)) or None, "a stack to start")
        first.send_signal(signal.SIGKILL)
        with lease_stack(settings) as lease:
            assert is_alive(lease.url)


def test_who_comes_while_a_stack_ends_gets_another_one(settings):
    told: list[object] = []

    def use() -> None:
        with connect(settings, None) as client:
            told.append(client.list_dead_letters())

    with lease_stack(settings):
        ending = find_stack(settings)
        ending.send_signal(signal.SIGTERM)
        other = threading.Thread(target=use)
        other.start()
        ending.wait(DEADLINE_S)
        other.join(DEADLINE_S)
    assert told == [[]]


def test_a_job_goes_on_in_the_next_stack_when_the_first_was_killed(settings, tmp_path):
    with lease_stack(settings):
        command = transcribe(tmp_path, "talk")
        wait_for(lambda: next(settings.dubline_home.glob("commands/*"), None), "a job")
        find_stack(settings).send_signal(signal.SIGKILL)
        check_done(command, tmp_path / "talk")


def test_a_command_goes_on_when_the_stack_of_up_is_ended(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("API_PORT", "0")
    up = run("up")
    files = StackFiles(settings.dubline_home)
    wait_for(lambda: files.url.exists() or None, "Dubline to be up", DEADLINE_S)
    with connect(settings, None) as client:
        assert client.list_dead_letters() == []
        before = client.url
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=DEADLINE_S)
        assert up.returncode == 0
        assert client.list_dead_letters() == []
        assert client.url != before


def test_ctrl_c_in_one_command_disturbs_no_other(settings):
    with using(settings) as first:
        assert first.stdout
        url = first.stdout.readline().strip()
        with lease_stack(settings):
            os.killpg(first.pid, signal.SIGINT)  # as a terminal does, to all that are in its group
            first.wait(DEADLINE_S)
            assert is_alive(url)


def test_a_stack_that_gives_up_is_told_of_and_not_started_for_ever(settings, break_module):
    break_module("soundfile")
    told = "Dubline cannot go on: worker keeps ending"
    with pytest.raises(click.ClickException, match=told), connect(settings, None) as client:
        wait_for(lambda: None if client.list_dead_letters() == [] else True, "it", DEADLINE_S)


def test_up_beside_commands_that_use_the_home_says_so(settings):
    with lease_stack(settings):
        up = run("up")
        output, _ = up.communicate(timeout=DEADLINE_S)
    assert up.returncode == 1
    assert f"Dubline already runs on {settings.dubline_home}" in output
