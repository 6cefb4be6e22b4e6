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


@contextmanager
def postgres() -> Iterator[str]:
    """A Postgres that syncs nothing to disk; yields its URL without a database's name."""
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
        command += ["-c", "unix_socket_directories=", "-c", "fsync=off"]
        with _process(command, Path(folder, "log"), user) as wait:
            wait(lambda: psycopg.connect(f"{url}/postgres", connect_timeout=1).close())
            yield url


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis that keeps nothing on disk; yields its URL."""
    server, port = _tool("redis-server", "redis-server"), free_port()
    with TemporaryDirectory(prefix="dubline-redis-") as folder:
        command = [server, "--port", str(port), "--save", "", "--appendonly", "no", "--dir", folder]
        with _process(command, Path(folder, "log")) as wait:
            wait(lambda: _ping(port))
            yield f"redis://127.0.0.1:{port}/0"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


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


@contextmanager
def _process(
    command: Sequence[str], log: Path, user: str | None = None
) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Run a server; the yielded function waits until a try to reach it raises nothing."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            user=user,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,  # Ctrl-C ends the tests first
        )
    try:
        yield lambda works: _until(works, process, log)
    finally:
        # Both servers end at once, whoever is still connected.
        process.send_signal(signal.SIGINT)
        process.wait(DEADLINE_S)


def _until(works: Callable[[], object], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            works()
        except (psycopg.OperationalError, redis.RedisError):
            late = time.monotonic() > deadline
            if late or process.poll() is not None:
                pytest.fail(f"{process.args} did not start:\n{log.read_text()}", pytrace=False)
            time.sleep(0.02)
        else:
            return
