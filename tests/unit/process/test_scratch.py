"""Scratch folders end with their process, at the latest when the next one starts."""

import subprocess
import sys
from pathlib import Path

from backend.process.scratch import Scratch

LEAVE = """
import os, pathlib, signal, sys
from backend.process.scratch import Scratch
(Scratch(pathlib.Path(sys.argv[1])).folder / "big").write_bytes(bytes(9))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    subprocess.run([sys.executable, "-c", LEAVE, str(root)], check=False)
    assert len(list(root.glob("*/big"))) == 1
    mine = Scratch(root)
    assert [path.name for path in root.iterdir() if path.is_dir()] == [mine.folder.name]


def test_the_folder_of_a_live_process_stays(tmp_path: Path) -> None:
    first = Scratch(tmp_path)
    second = Scratch(tmp_path)
    assert first.folder.is_dir()
    assert second.folder.is_dir()
    assert first.folder != second.folder
