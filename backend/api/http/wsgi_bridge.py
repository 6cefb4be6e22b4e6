"""The Flask app behind an asyncio server: no client that is slow or idle holds one of its threads.

Small bodies are received before the app is called, in the event loop. Files are received while it
runs, each in a thread of its own, after the app has looked at what is asked (see api/blobs.py).
Answers are taken block by block, and no thread waits until a client has taken one.
"""

import asyncio
import contextvars
import io
import sys
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
)
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

from werkzeug.wsgi import FileWrapper

Message = MutableMapping[str, Any]
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

REQUEST_THREADS = 8
MOST_UPLOADS = 256  # at a time; who comes then waits, others do not
BODY_S = 30  # in which a small body has to come
STALL_S = 60  # without a byte of a file
BLOCK = 1 << 18
END = object()
# Where an app puts an asynchronous iterator of blocks which go on behind its own: it may wait for
# as long as it likes, and holds no thread.
STREAM = "dubline.stream"


class WsgiBridge:
    """An ASGI app that answers by a WSGI app; bodies of more than `most_bytes` must be files.

    `is_upload` tells by method and path which requests bring files.
    """

    def __init__(
        self, app: WsgiApp, most_bytes: int, is_upload: Callable[[str, str], bool]
    ) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._is_upload = is_upload
        self._requests = ThreadPoolExecutor(REQUEST_THREADS, "request")
        self._uploads = ThreadPoolExecutor(MOST_UPLOADS, "upload")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        environ = build_environ(scope)
        if self._is_upload(scope["method"], scope["path"]):
            loop = asyncio.get_running_loop()
            environ["wsgi.input"] = io.BufferedReader(IncomingFile(receive, loop))
            environ["wsgi.input_terminated"] = True  # one without a length ends by itself
            threads = self._uploads
        else:
            body = await self._receive_small_body(environ, receive)
            environ["wsgi.input"] = io.BytesIO(body)
            threads = self._requests
        await _Answer(self._app, environ, threads, self._requests).send_all(receive, send)

    async def _receive_small_body(self, environ: dict[str, Any], receive: Receive) -> bytes:
        """The body; nothing or a part of one that is too long, which the app refuses by its length.

        So it does with one that did not come, or not in time: it is shorter than its length says.
        """
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > self._most_bytes or not (length or "HTTP_TRANSFER_ENCODING" in environ):
            return b""
        body, more = bytearray(), True
        with suppress(TimeoutError):
            async with asyncio.timeout(BODY_S):
                while more and len(body) <= self._most_bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        break
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
        environ["CONTENT_LENGTH"] = str(max(length, len(body) + more))
        environ.pop("HTTP_TRANSFER_ENCODING", None)  # for now its length is known
        return bytes(body)


class IncomingFile(io.RawIOBase):
    """A body that is read in a thread while the event loop receives it.

    Raises `OSError` when its client goes or stalls.
    """

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._loop = loop
        self._rest = memoryview(b"")
        self._more = True

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes that are there; 0 at the end."""
        while not self._rest and self._more:
            self._receive_more()
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)

    def _receive_more(self) -> None:
        waiting = asyncio.wait_for(self._receive(), STALL_S)
        message = asyncio.run_coroutine_threadsafe(waiting, self._loop).result()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("The client has gone")
        self._rest = memoryview(message.get("body", b""))
        self._more = message.get("more_body", False)


class _Answer:
    """What the app answers to one request."""

    def __init__(
        self, app: WsgiApp, environ: dict[str, Any], first: Executor, later: Executor
    ) -> None:
        self._app = app
        self._environ = environ
        self._first, self._later = first, later
        self._context = contextvars.copy_context()
        self._head: Message = {}

    async def send_all(self, receive: Receive, send: Send) -> None:
        """Let the app answer, and send what it does as fast as the client takes it."""
        found = await self._run(self._first, self._app, self._environ, self._start)
        blocks: Iterator[bytes] = iter(found)
        try:
            block = await self._run(self._later, next, blocks, END)
            await send(self._head)
            gone = asyncio.ensure_future(_wait_until_gone(receive))
            while block is not END and not gone.done():
                await send({"type": "http.response.body", "body": block, "more_body": True})
                block = await self._run(self._later, next, blocks, END)
            if STREAM in self._environ:
                await _send_stream(self._environ[STREAM], gone, send)
            gone.cancel()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if hasattr(found, "close"):
                await self._run(self._later, found.close)

    async def _run(self, threads: Executor, function: Callable[..., Any], *given: Any) -> Any:
        work = partial(self._context.run, function, *given)
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _start(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        self._head = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }


async def _send_stream(
    blocks: AsyncGenerator[bytes], gone: asyncio.Future[None], send: Send
) -> None:
    async with aclosing(blocks):
        while True:
            following: asyncio.Future[Any] = asyncio.ensure_future(anext(blocks, END))
            waiting: set[asyncio.Future[Any]] = {following, gone}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                following.cancel()
                await asyncio.wait({following})
                return
            block = following.result()
            if block is END:
                return
            await send({"type": "http.response.body", "body": block, "more_body": True})


async def _wait_until_gone(receive: Receive) -> None:
    """Until the client has gone; what it still sends of a body that nobody reads is dropped."""
    while (await receive())["type"] != "http.disconnect":
        pass


def build_environ(scope: Scope) -> dict[str, Any]:
    """The request as WSGI has it (PEP 3333), without its body."""
    server = scope.get("server") or ("localhost", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": lambda file, _size: FileWrapper(file, BLOCK),
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        key = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        # Some headers may come several times; they mean the same in one line (RFC 9110, 5.3).
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
