"""The API's server as a process, over sockets: who is slow, idle or wrong harms nobody else."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from backend.api import server as api_server
from backend.api.http import wsgi_bridge
from backend.wiring import Parts
from tests.api_server import run_server
from tests.chaos.house import wait_for
from tests.servers import free_port

ROOT = Path(__file__).parents[3]
DEADLINE_S = 30
HUGE = 400_000_000
TEXT = b"Hello there.\n"


class Server:
    """An API process on a home of its own."""

    def __init__(self, home: Path, log: Path, **env: str) -> None:
        self.home, self.log = home, log
        self.host = env.get("API_HOST", "127.0.0.1")
        self.port = free_port()
        given = {"DUBLINE_HOME": str(home), "API_PORT": str(self.port), "PYTHONPATH": str(ROOT)}
        stubs = {"TRANSCRIPTION_BACKEND": "stub,local", "TMPDIR": str(home / "tmp")}
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend.cli.main", "api"],
                env=os.environ | stubs | given | env,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self.process.stdout
        assert self.process.stdout.readline().startswith(b"Listening")

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), DEADLINE_S)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE_S)
        sent = body if isinstance(body, bytes | None) else json.dumps(body)
        if sent is not body:
            headers = {"Content-Type": "application/json", **headers}
        connection.request(method, path, sent, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        is_json = "json" in (answer.headers["Content-Type"] or "")
        return answer.status, json.loads(content) if is_json else content

    def announce(self, name: str = "talk.txt") -> dict[str, Any]:
        status, announced = self.ask("POST", "/v1/files/presign", {"filename": name})
        assert status == 201
        return {**announced, "path": urlsplit(announced["url"]).path}

    def measure_health(self, times: int = 7) -> list[float]:
        """How long some answers took, each in seconds."""
        taken = []
        for _ in range(times):
            began = time.monotonic()
            assert self.ask("GET", "/healthz")[0] == 200
            taken.append(time.monotonic() - began)
        return taken

    def read_requests(self, count: int) -> list[str]:
        """The lines of the request log, once there are so many."""

        def look() -> list[str] | None:
            lines = [line for line in self.log.read_text().splitlines() if "request " in line]
            return lines if len(lines) >= count else None

        return wait_for(look, "requests in the log")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def serve(parts: Parts, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as running:

        def start(**env: str) -> Server:
            (parts.settings.dubline_home / "tmp").mkdir()
            server = Server(parts.settings.dubline_home, tmp_path / "log", **env)
            running.callback(server.end)
            return server

        yield start


@pytest.fixture
def server(serve) -> Server:
    return serve()


@contextmanager
def crowd(server: Server, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """Connections that have sent this, and send no more."""
    with ExitStack() as held:
        found = [held.enter_context(server.connect()) for _ in range(count)]
        for one in found:
            one.sendall(sent)
        yield found


def format_head(method: str, path: str, **headers: object) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_status(connection: socket.socket) -> int:
    return int(connection.recv(65536).split()[1])


HALF = b"GET /heal"
ANSWERED = format_head("GET", "/healthz")
HALF_A_BODY = format_head(
    "POST", "/v1/files/presign", Content_Type="application/json", Content_Length=1000
)


CHUNKED = (
    format_head(
        "POST", "/v1/files/presign", Content_Type="application/json", Transfer_Encoding="chunked"
    )
    + b'15\r\n{"filename": "a.txt"}\r\n'
)


@pytest.mark.parametrize("count", [200, 500])
@pytest.mark.parametrize("sent", [HALF, ANSWERED, HALF_A_BODY], ids=["half", "idle", "body"])
def test_who_is_slow_or_idle_keeps_nobody_out(server, count, sent):
    with crowd(server, count, sent):
        assert min(server.measure_health()) < 0.1
        assert server.ask("GET", "/v1/jobs")[0] == 200


def test_slow_uploads_keep_nobody_out(server):
    path = server.announce()["path"]
    with crowd(server, 200, format_head("PUT", path, Content_Length=1000) + b"a"):
        assert min(server.measure_health()) < 0.1
        assert server.ask("GET", "/v1/jobs")[0] == 200


def test_who_reads_no_answer_keeps_nobody_out(server, parts):
    (parts.local_store.root / "large").parent.mkdir(parents=True, exist_ok=True)
    with (parts.local_store.root / "large").open("wb") as file:
        file.truncate(HUGE)
    url = sign_download(parts, "large")
    with crowd(server, 50, format_head("GET", url)):
        assert min(server.measure_health()) < 0.1
        assert server.ask("GET", "/v1/jobs")[0] == 200


def sign_download(parts: Parts, key: str) -> str:
    url = parts.local_store.sign_download_url(key, "x.bin", "video/mp4", timedelta(minutes=5))
    return urlsplit(url).path


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v1/blobs/forged/x", 404),
        ("POST", "/v1/jobs", 413),
        ("POST", "/nowhere", 404),
        ("PUT", "/healthz", 405),
    ],
)
def test_a_body_is_looked_at_before_it_comes(server, method, path, status):
    with server.connect() as connection:
        head = format_head(method, path, Content_Type="application/json", Content_Length=HUGE)
        connection.sendall(head + b"abc")
        assert read_status(connection) == status


def test_a_file_that_is_too_large_is_refused_before_it_comes(serve):
    server = serve(MAX_UPLOAD_BYTES="1000")
    path = server.announce()["path"]
    with server.connect() as connection:
        connection.sendall(format_head("PUT", path, Content_Length=1001))
        assert read_status(connection) == 413


def test_who_expects_to_go_on_is_told_only_when_the_file_is_wanted(server):
    expecting = {"Expect": "100-continue", "Content_Length": len(TEXT)}
    path = server.announce()["path"]
    with server.connect() as connection:
        connection.sendall(format_head("PUT", path, **expecting))
        assert read_status(connection) == 100
        connection.sendall(TEXT)
        assert read_status(connection) == 204
    for wrong, status in ((path, 409), ("/v1/blobs/forged/x", 404)):
        with server.connect() as connection:
            connection.sendall(format_head("PUT", wrong, **expecting))
            assert read_status(connection) == status


def list_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_written_once_to_its_place(server, parts):
    announced, store = server.announce(), parts.local_store.root
    half = b"Hello there.\n" * 100_000
    with server.connect() as connection:
        connection.sendall(format_head("PUT", announced["path"], Content_Length=2 * len(half)))
        connection.sendall(half)
        arriving = wait_for(lambda: next(iter(list_files(store)), None), "the file to arrive")
        wait_for(lambda: arriving.stat().st_size > 0 or None, "its bytes")
        assert list_files(server.home / "tmp") == []
        inode = arriving.stat().st_ino
        connection.sendall(half)
        assert read_status(connection) == 204
    status, _ = server.ask("POST", "/v1/files/complete", {"fileId": announced["fileId"]})
    assert status == 200
    [kept] = list_files(store)
    assert (kept.parent.parent.name, kept.stat().st_ino) == ("uploads", inode)
    assert kept.read_bytes() == 2 * half


CHUNKS = b"5\r\nHello\r\n"


def test_a_file_without_a_length_counts_when_it_has_ended(server):
    path = server.announce()["path"]
    head = format_head("PUT", path, Transfer_Encoding="chunked")
    with server.connect() as connection:
        connection.sendall(head + CHUNKS)  # and is cut off
    with server.connect() as connection:
        connection.sendall(head + CHUNKS + b"0\r\n\r\n")
        assert read_status(connection) == 204


def test_what_was_cut_off_leaves_nothing(server, parts):
    path = server.announce()["path"]
    with server.connect() as connection:
        connection.sendall(format_head("PUT", path, Content_Length=1000) + b"half")
        wait_for(lambda: list_files(parts.local_store.root) or None, "the file to arrive")
    wait_for(lambda: None if list_files(parts.local_store.root) else True, "it to be removed")
    assert server.ask("PUT", path, TEXT)[0] == 204


def test_a_range_of_a_file_is_sent(server, parts):
    (parts.local_store.root / "file").parent.mkdir(parents=True, exist_ok=True)
    (parts.local_store.root / "file").write_bytes(bytes(range(256)) * 4096)
    url = sign_download(parts, "file")
    assert server.ask("GET", url, Range="bytes=300000-300003") == (206, bytes([224, 225, 226, 227]))
    assert server.ask("GET", url) == (200, bytes(range(256)) * 4096)
    assert server.ask("HEAD", url) == (200, b"")


def test_an_ipv6_address_is_one_like_others(serve):
    server = serve(API_HOST="::1")
    assert server.announce()["url"].startswith(f"http://[::1]:{server.port}/v1/blobs/")
    assert server.ask("GET", "/v1/jobs")[0] == 200
    assert server.ask("GET", "/v1/jobs", Host="[::1]")[0] == 200
    assert server.ask("GET", "/v1/jobs", Host="[::2]")[0] == 400


def test_hosts_are_compared_without_case(server):
    assert server.ask("GET", "/v1/jobs", Host=f"LOCALHOST:{server.port}")[0] == 200
    status, problem = server.ask("GET", "/nowhere", Host="evil.example")
    assert (status, "'evil.example' is not trusted" in problem["detail"]) == (400, True)


def test_each_request_is_logged_without_what_opens_doors(server, parts):
    path = server.announce()["path"]
    server.ask("PUT", f"{path}?secret=1", TEXT)
    server.ask("GET", "/v1/blob" + path.removeprefix("/v1/blobs"))  # misspelt
    server.ask("GET", "/healthz")
    token = path.split("/")[3]
    announced, sent, wrong = server.read_requests(3)
    assert "method=POST" in announced and "path=/v1/files/presign" in announced
    assert "path=/v1/blobs/.../" in sent and "status=204" in sent
    assert "status=404" in wrong
    told = server.log.read_text()
    assert token not in told and "secret" not in told and "healthz" not in told


@pytest.mark.parametrize("sent", [b"", HALF, ANSWERED + HALF])
def test_a_connection_that_asks_nothing_is_closed(parts, monkeypatch, sent):
    monkeypatch.setattr(api_server, "IDLE_S", 0.2)
    with run_server(parts) as address, socket.create_connection(address, DEADLINE_S) as connection:
        connection.sendall(sent)
        while connection.recv(65536):
            pass


@pytest.mark.parametrize("head", [HALF_A_BODY, CHUNKED], ids=["length", "chunked"])
def test_a_body_that_does_not_come_is_refused(parts, monkeypatch, head):
    monkeypatch.setattr(wsgi_bridge, "BODY_S", 0.2)
    with run_server(parts) as address, socket.create_connection(address, DEADLINE_S) as connection:
        connection.sendall(head)
        assert read_status(connection) == 400
