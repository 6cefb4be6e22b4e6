"""A line in the log for each request, without what would let its reader do anything."""

import time

import structlog

from backend.api.http.wsgi_bridge import Message, Receive, Scope, Send, WsgiBridge

log = structlog.get_logger()

# Ids have 36 characters; what is longer in a path is a token (signed URLs) or of no use in a log.
LONGEST_PART = 40
HIDDEN = "..."
# Asked several times a minute by who watches the house, and of interest only when it fails.
QUIET = ("/healthz", "/readyz")
FAILED = 500
ID_HEADER = b"x-request-id"


class RequestLog:
    """An ASGI app around another: logs method, path, status, bytes and time of each answer."""

    def __init__(self, app: WsgiBridge) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, status, size, request_id = time.monotonic(), 0, 0, ""

        async def note(message: Message) -> None:
            nonlocal status, size, request_id
            status = message.get("status", status)
            request_id = dict(message.get("headers", ())).get(ID_HEADER, b"").decode() or request_id
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            write = log.debug if scope["path"] in QUIET and status < FAILED else log.info
            write(
                "request",
                method=scope["method"],
                path=hide_tokens(scope["path"]),
                status=status or None,
                bytes=size,
                ms=round(1000 * (time.monotonic() - began)),
                client=(scope.get("client") or ("",))[0],
                request_id=request_id,
            )


def hide_tokens(path: str) -> str:
    """The path without the parts that may be secrets; a query is none of it."""
    parts = path.split("/")
    return "/".join(HIDDEN if len(part) > LONGEST_PART else part for part in parts)
