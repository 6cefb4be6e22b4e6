"""Ctrl-C, at real processes: 130 from the first moment, and what becomes of the job."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from backend.database.models.accounts import LOCAL_USER
from backend.jobs import views
from tests.chaos.house import wait_for
from tests.servers import free_port

ROOT = Path(__file__).parents[3]
DEADLINE_S = 60


def run(*command: str, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "backend.cli.main", *command],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_job_of_a_server_goes_on_and_how_to_end_it_is_told(parts, server, tmp_path):
    (tmp_path / "talk.txt").write_text("Hello.")
    command = run("transcribe", str(tmp_path / "talk.txt"), "--from", "en", "--server", server)
    ledgers = parts.settings.dubline_home / "commands"
    job_id = wait_for(
        lambda: next((one.read_text() for one in ledgers.glob("*")), "") or None, "the job's id"
    )
    command.send_signal(signal.SIGINT)
    _, told = command.communicate(timeout=DEADLINE_S)
    assert command.returncode == 130
    assert f"Job {job_id} goes on at {server}" in told
    assert f"dubline cancel {job_id} --server {server}" in told
    assert "Traceback" not in told
    assert views.read_job_view(parts.db, LOCAL_USER, UUID(job_id))["status"] == "running"


def test_it_ends_with_130_while_modules_are_imported(tmp_path):
    # Imported as one of the first, it says so and hangs.
    (tmp_path / "click.py").write_text(
        "import sys, threading; print('importing', flush=True); threading.Event().wait()"
    )
    command = run("jobs", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert command.stdout
    assert command.stdout.readline() == "importing\n"
    command.send_signal(signal.SIGINT)
    assert command.communicate(timeout=DEADLINE_S) == ("", "")
    assert command.returncode == 130


def test_wrong_usage_ends_with_2_and_what_fails_with_1(tmp_path):
    wrong = run("dub", "missing.mp4", "--to", "es")
    assert wrong.wait(DEADLINE_S) == 2
    nowhere = run("jobs", "--server", f"http://127.0.0.1:{free_port()}")
    _, told = nowhere.communicate(timeout=DEADLINE_S)
    assert (nowhere.returncode, "cannot be reached" in told) == (1, True)
    wrong.communicate()
