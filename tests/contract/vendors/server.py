"""A vendor's HTTP server on a free port: strict on what it is asked, and able to misbehave."""

import json
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import numpy as np

KEY = "0123456789abcdef0123456789abcdef"
TEXT_OF_NOBODY = "Only for your ears."  # what is said, which must be in no error


@dataclass(frozen=True)
class Asked:
    """A request as it came in; headers by their lower-case names."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`cut`: the connection ends after half of the body; `pause_s`: between two bytes of it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    pause_s: float = 0.0
    silent: bool = False

    @classmethod
    def of_json(cls, document: Any, status: int = 200, **headers: str) -> "Reply":
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(
            status, json.dumps(document).encode(), {"content-type": "application/json", **told}
        )


Misbehaviour = Callable[[Reply], Reply]


class VendorServer(ThreadingHTTPServer):
    """Subclasses answer; what they find wrong with a request fails the test at its end."""

    daemon_threads = True
    error_format: Callable[[str], Any]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.problems: list[str] = []
        self.misbehave: Misbehaviour | None = None
        self.silence = False  # whether nobody speaks in what it is sent
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        try:
            found = self.answer(asked)
        except Exception as problem:
            self.problems.append(f"{asked.method} {asked.path}: {problem!r}")
            return Reply(400)
        return self.misbehave(found) if self.misbehave else found

    def fail(self, status: int, **headers: str) -> None:
        """From now on answer with an error that tells more than it should."""
        told = f"{KEY} said {TEXT_OF_NOBODY} at https://host/file?token=hush"
        self.misbehave = lambda _: Reply.of_json(self.build_error(told), status, **headers)

    def build_error(self, message: str) -> Any:
        """An error as this vendor tells it."""
        raise NotImplementedError


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: VendorServer

    def handle_any(self) -> None:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        asked = Asked(self.command, url.path, parse_qs(url.query), headers, body)
        self._send(self.server.reply(asked))

    do_GET = do_POST = handle_any  # noqa: N815 - names of the standard library

    def _send(self, reply: Reply) -> None:
        if reply.silent:
            self.server.stopped.wait(30)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        try:
            self._send_body(reply)
        except OSError:  # whoever asked waits no longer
            self.close_connection = True

    def _send_body(self, reply: Reply) -> None:
        if reply.cut:
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
        elif reply.pause_s:
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.server.stopped.wait(reply.pause_s):
                    return
        else:
            self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Nothing to see."""


def cut(reply: Reply) -> Reply:
    return replace(reply, cut=True)


def trickle(reply: Reply) -> Reply:
    return replace(reply, pause_s=0.1)


def say_nothing(reply: Reply) -> Reply:
    return replace(reply, silent=True)


def send_empty(reply: Reply) -> Reply:
    return replace(reply, body=b"")


def send_quarter(reply: Reply) -> Reply:
    """All that it announces, but not all that was asked for."""
    return replace(reply, body=reply.body[: len(reply.body) // 8 * 2])


def send_odd(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[:-1])


def send_json(reply: Reply) -> Reply:
    """As long as the speech would be."""
    body = json.dumps({"message": "later " * (len(reply.body) // 6)}).encode()
    return replace(reply, body=body + b" " * (len(body) % 2))


def send_page(reply: Reply) -> Reply:
    return replace(reply, body=b"<html>busy</html>", headers={"content-type": "text/html"})


def require_length(asked: Asked) -> None:
    """What is sent in chunks has come back cut."""
    assert "transfer-encoding" not in asked.headers, "sent in chunks"
    assert int(asked.headers["content-length"]) == len(asked.body) > 0


def require_wav(body: bytes) -> None:
    assert body[:4] == b"RIFF"
    assert body[8:12] == b"WAVE"
    assert struct.unpack("<I", body[24:28]) == (16_000,)


def speak(text: str, sample_rate: int, rate: float = 1.0) -> bytes:
    """A hum of 70 ms a character."""
    seconds = 0.07 * len(text) / rate
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (8000 * np.sin(2 * np.pi * 150 * time)).astype("<i2").tobytes()
