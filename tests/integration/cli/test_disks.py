"""Folders that cannot be written to: which, why and what to do is told, and nothing is left."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from backend.cli import submit
from backend.cli.command_line import cli
from backend.cli.output_errors import explain_output_error
from backend.database.models.accounts import LOCAL_USER
from backend.jobs import views
from tests import factories
from tests.disks import fill_disk, make_read_only, mount_disk

ROOM = 256 << 10


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mount_disk(tmp_path / "disk", ROOM) as folder:
        yield folder


def dub(tmp_path: Path, out: Path) -> Result:
    (tmp_path / "talk.wav").touch()
    command = ["dub", str(tmp_path / "talk.wav"), "--to", "es", "--out", str(out)]
    return CliRunner().invoke(cli, command, env={"DUBLINE_HOME": str(tmp_path / "home")})


def test_a_read_only_folder_is_told_before_anything_is_done(tmp_path, disk):
    make_read_only(disk)
    for out in (disk, disk / "talk-dub"):
        result = dub(tmp_path, out)
        assert result.exit_code == 1
        assert result.output == (
            f"Error: Nothing can be written to {disk}: it is read-only: make it writable. "
            "Or name another folder.\n"
        )
    assert not (tmp_path / "home").exists()


def test_a_full_disk_is_told_before_anything_is_done(tmp_path, disk):
    fill_disk(disk)
    result = dub(tmp_path, disk)
    assert result.exit_code == 1
    assert f"Nothing can be written to {disk}: there is no space left: free some." in result.output
    assert not (tmp_path / "home").exists()


def test_a_file_in_a_folders_place(tmp_path):
    (tmp_path / "file").touch()
    result = dub(tmp_path, tmp_path / "file" / "out")
    assert result.exit_code == 1
    assert f"{tmp_path}/file/out: a file is in the place of a folder there" in result.output
    assert dub(tmp_path, tmp_path / "file").exit_code == 2  # as click tells it


def test_a_home_that_may_not_be_written_to(tmp_path, disk):
    make_read_only(disk)
    told = f"Error: Nothing can be written to {disk}: it is read-only: make it writable. "
    result = dub_for_real(tmp_path, disk / "home")
    assert (result.returncode, result.stderr) == (
        1,
        f"{told}Or set DUBLINE_HOME to another folder (now {disk / 'home'}).\n",
    )


def test_a_home_on_a_full_disk(tmp_path, disk):
    fill_disk(disk)
    result = dub_for_real(tmp_path, disk / "home")
    told = f"Error: Nothing can be written to {disk}/home: there is no space left: free some. "
    assert (result.returncode, result.stderr) == (
        1,
        f"{told}Or set DUBLINE_HOME to another folder (now {disk / 'home'}).\n",
    )


def dub_for_real(tmp_path: Path, home: Path) -> subprocess.CompletedProcess[str]:
    (tmp_path / "talk.wav").touch()
    command = ["dub", str(tmp_path / "talk.wav"), "--to", "es", "--out", str(tmp_path / "out")]
    return subprocess.run(
        [sys.executable, "-m", "backend.cli.main", *command],
        env={"PATH": os.defpath, "DUBLINE_HOME": str(home)},
        text=True,
        capture_output=True,
        check=False,
    )


def test_a_disk_that_becomes_full_while_files_are_fetched(client, parts, tmp_path, disk):
    (tmp_path / "talk.txt").write_text("Hello there.\n")
    file = client.upload(tmp_path / "talk.txt", "video")
    job = client.submit({"mediaId": file["id"], "targetLanguages": ["es"]})
    [run] = views.read_runs(parts.db, LOCAL_USER, UUID(job["id"]))
    factories.do_all(parts.db, run["id"], store=parts.store, content={"mix": "x" * 2 * ROOM})
    job, out = client.read_job(job["id"]), disk / "out"
    with pytest.raises(OSError, match="No space left") as raised:
        submit.fetch_files(client, job, out)
    told = explain_output_error(raised.value, tmp_path / "home")
    assert told.startswith(f"Nothing can be written to {out}/es: there is no space left: free some")
    assert [path.name for path in disk.rglob("*") if "part" in path.name] == []
    # With room again the same command has its files, and nothing of its own is foreign to it.
    with mount_disk(tmp_path / "larger", 8 * ROOM) as larger:
        shutil.copytree(out, larger / "out")
        files = submit.fetch_files(client, job, larger / "out")
        assert "x" * 2 * ROOM in {path.read_text() for path in files}
        assert not (larger / "out" / "set-aside").exists()


def test_other_errors_of_the_system_keep_their_traceback(tmp_path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "too many")

    monkeypatch.setattr("backend.cli.results.open_results", fail)
    result = dub(tmp_path, tmp_path / "out")
    assert isinstance(result.exception, OSError)
