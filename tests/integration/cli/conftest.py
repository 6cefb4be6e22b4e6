"""What tests of commands with real processes share."""

import os
from collections.abc import Callable

import pytest

LACK = "libatomic.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture
def break_module(tmp_path, monkeypatch) -> Callable[[str], None]:
    """Lets processes started from now on fail to import a module."""

    def put_in_the_way(name: str) -> None:
        folder = tmp_path / "broken"
        folder.mkdir()
        (folder / f"{name}.py").write_text(f"raise ImportError({LACK!r})")
        monkeypatch.setenv("PYTHONPATH", f"{folder}:{os.environ['PYTHONPATH']}")

    return put_in_the_way
