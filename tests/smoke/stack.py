"""The stack of docker-compose.yml, run from a copy of what is committed or staged."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).parents[2]
# A dead worker is to be noticed within the test's patience.
QUICK = {"LEASE_S": "10", "HEARTBEAT_S": "2", "REDISPATCH_S": "5", "RETRY_BASE_S": "0.5"}


class ComposeStack:
    """Commands of `docker compose` on a project of its own, with ports that are free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {
            name: free_port() for name in ("API_PUBLISHED_PORT", "S3_PORT", "FLOWER_PORT")
        }
        self._compose = [*find_compose(), "--project-name", f"dubline-smoke-{os.getpid()}"]
        copy_repository(folder)
        make_env = ["make", "--silent", "env", f"PYTHON={sys.executable}"]
        subprocess.run(make_env, cwd=folder, check=True)
        with (folder / ".env").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in self._choose_settings().items())
        self._compose += ["--file", "docker-compose.yml"]
        if os.environ.get("SMOKE_STAND_INS"):
            self._compose += ["--file", "tests/smoke/stand-ins.yml"]

    def _choose_settings(self) -> Mapping[str, str]:
        stand_in = {"BASE_IMAGE": "dubline-smoke:base"} if os.environ.get("SMOKE_STAND_INS") else {}
        return {
            **QUICK,
            **stand_in,
            **{name: str(port) for name, port in self.ports.items()},
            "MINIO_PUBLIC_ENDPOINT": f"127.0.0.1:{self.ports['S3_PORT']}",
            "PUBLIC_URL": self.api_url,
        }

    @property
    def api_url(self) -> str:
        """Where the API is reached."""
        return f"http://127.0.0.1:{self.ports['API_PUBLISHED_PORT']}"

    def read_env(self) -> Mapping[str, str]:
        """What stands in its .env."""
        lines = (self.folder / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def run(self, *arguments: str) -> str:
        """Run a command of compose; returns what it wrote to standard output."""
        done = self._run(*arguments)
        assert done.returncode == 0, f"compose {' '.join(arguments)}:\n{done.stdout}"
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self._compose, *arguments]
        return subprocess.run(
            command, check=False, cwd=self.folder, stdout=subprocess.PIPE, text=True
        )

    def kill(self, service: str) -> None:
        """End all processes of a service at once, as running out of memory would."""
        # -1: all but the container's first, which then ends by itself, and the one that asks.
        kill_all = "import os, signal; os.kill(-1, signal.SIGKILL)"
        # Whether it goes well cannot be told by the one that asks, which goes with its container.
        self._run("exec", "-T", service, "python3", "-c", kill_all)

    def save_logs(self, path: Path) -> str:
        """Write the logs of all services; returns them."""
        logs = self.run("logs", "--no-color")
        path.write_text(logs)
        return logs


def find_compose() -> list[str]:
    """Of Compose the plugin, or the command that it was."""
    plugin = subprocess.run(["docker", "compose", "version"], check=False, capture_output=True)
    return ["docker", "compose"] if plugin.returncode == 0 else ["docker-compose"]


def copy_repository(folder: Path) -> None:
    """What a clone would have."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
