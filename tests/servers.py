"""Real servers for the test session, on free ports, ended by their own process id."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import redis

DEADLINE_S = 30


class Server:
    """A server process that a test may let die and start again; `url` is where it is reached."""

    def __init__(
        self,
        url: str,
        command: Sequence[str],
        log: Path,
        works: Callable[[], object],
        user: str | None = None,
    ) -> None:
        self.url = url
        self._command = command
        self._log = log
        self._works = works
        self._user = user
        self.start()

    def start(self) -> None:
        """Start it, and wait until it can be reached."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                user=self._user,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,  # Ctrl-C ends the tests first
            )
        self._wait()

    def stop(self, signum: int = signal.SIGINT) -> None:
        """End it; at SIGINT both servers end at once, whoever is still connected."""
        self._process.send_signal(signum)
        self._process.wait(DEADLINE_S)

    def _wait(self) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                self._works()
            except (psycopg.OperationalError, redis.RedisError):
                late = time.monotonic() > deadline
                if late or self._process.poll() is not None:
                    log = self._log.read_text()
                    pytest.fail(f"{self._command} did not start:\n{log}", pytrace=False)
                time.sleep(0.02)
            else:
                return


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Server]:
    """A Postgres; unless durable it syncs nothing to disk. Its URL has no database's name."""
    initdb, server = _postgres_tool("initdb"), _postgres_tool("postgres")
    port = free_port()
    url = f"postgresql://dubline@127.0.0.1:{port}"
    # Not in pytest's folder, which only its owner may enter: Postgres refuses to run as root.
    with TemporaryDirectory(prefix="dubline-postgres-") as folder:
        user = _give_away(Path(folder))
        data = f"{folder}/data"
        initialize = [initdb, "-D", data, "-A", "trust", "-U", "dubline", "--no-sync"]
        subprocess.run(initialize, user=user, check=True, stdout=subprocess.DEVNULL, cwd="/")
        command = [server, "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        command += ["-c", "unix_socket_directories=", "-c", f"fsync={'on' if durable else 'off'}"]
        yield from _running(Server(url, command, Path(folder, "log"), lambda: _connect(url), user))


@contextmanager
def redis_server() -> Iterator[Server]:
    """A Redis that keeps nothing on disk, so that a restart loses all."""
    server, port = _tool("redis-server", "redis-server"), free_port()
    with TemporaryDirectory(prefix="dubline-redis-") as folder:
        command = [server, "--port", str(port), "--save", "", "--appendonly", "no", "--dir", folder]
        url = f"redis://127.0.0.1:{port}/0"
        yield from _running(Server(url, command, Path(folder, "log"), lambda: _ping(port)))


class S3:
    """An S3 service in this process (moto), which keeps its objects while it is stopped."""

    def __init__(self) -> None:
        self._port = free_port()
        self.start()

    @property
    def settings(self) -> dict[str, str]:
        """What Dubline is told of it."""
        keys = {"minio_access_key": "test", "minio_secret_key": "test"}
        return {"minio_endpoint": f"127.0.0.1:{self._port}", **keys}

    def start(self) -> None:
        """Serve."""
        from moto.server import ThreadedMotoServer  # takes seconds to import: only who needs it

        self._server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Refuse connections."""
        self._server.stop()


def _running(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _connect(url: str) -> None:
    psycopg.connect(f"{url}/postgres", connect_timeout=1).close()


def _ping(port: int) -> None:
    with redis.Redis(port=port) as client:
        client.ping()


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is missing: run 'apt-get install {package}'", pytrace=False)
    return path


def _postgres_tool(name: str) -> str:
    # Debian keeps these out of PATH, one folder for each version.
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else _tool(name, "postgresql")


def _give_away(folder: Path) -> str | None:
    """Let the folder belong to a user as whom Postgres runs; None: to whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user.pw_name
