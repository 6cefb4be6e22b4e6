"""The server that the API runs on: uvicorn, with limits of its own (docs/adr/0015)."""

import asyncio
import resource
from contextlib import suppress
from typing import Any

import uvicorn
from flask import Flask
from uvicorn.protocols.http.h11_impl import H11Protocol

from backend.api import blobs
from backend.api.http.request_log import RequestLog
from backend.api.http.requests import MOST_JSON_BYTES
from backend.api.http.wsgi_bridge import WsgiBridge

# A connection on which no request has begun and come with all its headers for so long is closed,
# at the latest after twice this time.
IDLE_S = 30
# What still runs when the server is told to end is cut off after this time.
GRACE_S = 1


class PatientProtocol(H11Protocol):
    """Closes connections that ask nothing: uvicorn itself has no limit for half a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look after it."""
        super().connection_made(transport)
        self._seen: Any = None
        self._look = self.loop.call_later(IDLE_S, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        self._look.cancel()
        super().connection_lost(exc)

    def _close_if_idle(self) -> None:
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.cycle is self._seen:
            self.transport.abort()
            return
        self._seen = self.cycle
        self._look = self.loop.call_later(IDLE_S, self._close_if_idle)


def build_server(app: Flask) -> uvicorn.Server:
    """A server of this app, which is run with the sockets that it listens on."""
    _allow_many_connections()
    config = uvicorn.Config(
        RequestLog(WsgiBridge(app.wsgi_app, MOST_JSON_BYTES, blobs.is_upload)),
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    return uvicorn.Server(config)


def _allow_many_connections() -> None:
    """As many open files as the system lets this process have; each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
