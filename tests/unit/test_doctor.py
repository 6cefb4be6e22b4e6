"""What the doctor finds on this machine, and when it is content."""

import subprocess
import sys
from pathlib import Path

import pytest

from workers import doctor, engines
from workers.machine_checks import check_home, check_modules

ROOT = Path(__file__).parents[2]


def test_it_looks_at_this_machine(capsys):
    assert doctor.main() == 0
    assert "apertium, espeak" in capsys.readouterr().out


@pytest.mark.parametrize("engine", ["apertium", "espeak"])
def test_without_an_engine_it_says_what_to_install(monkeypatch, capsys, engine):
    module = getattr(engines, engine)
    module.read_version.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("COLUMNS", "200")
    assert doctor.main() == 1
    assert f"apt-get install {module.PACKAGE}" in capsys.readouterr().out


def test_a_module_that_does_not_load_is_told_before_anything_else(tmp_path):
    (tmp_path / "soundfile.py").write_text(
        "raise ImportError('libsndfile.so.1: cannot open shared object file: No such file')"
    )
    done = subprocess.run(
        [sys.executable, "-m", "workers.doctor"],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "HOME": str(tmp_path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.count("apt-get install libsndfile1") == 1
    assert done.stderr == ""


def test_modules_are_told_once_each():
    assert check_modules(["json"]).works
    found = check_modules(["no_such_module", "no_such_module", "neither_this"])
    assert not found.works
    assert found.detail.count("no_such_module") == found.detail.count("neither_this") == 1


def test_a_home_that_cannot_be_written_to_is_told_with_the_setting(tmp_path):
    assert check_home(tmp_path / "new").works
    (tmp_path / "file").touch()
    found = check_home(tmp_path / "file" / "home")
    assert not found.works
    assert f"{tmp_path / 'file' / 'home'} cannot be written to: set DUBLINE_HOME" in found.detail
