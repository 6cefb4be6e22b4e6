"""The API at a port, in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

from backend.api.app import create_app
from backend.api.server import build_server
from backend.process.listener import listen
from backend.wiring import Parts

DEADLINE_S = 30


@contextmanager
def serve_api(parts: Parts) -> Iterator[None]:
    """The API of these parts, at the port that their settings tell."""
    app = create_app(parts.settings)
    app.extensions["dubline"] = parts
    with serve_app(app, parts.settings.api_port):
        yield


@contextmanager
def serve_app(app: Flask, port: int) -> Iterator[None]:
    """An app at this port."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def run_server(parts: Parts) -> Iterator[tuple[str, int]]:
    """The API by its own server, whose limits a test may set; yields its address."""
    app = create_app(parts.settings)
    with listen("127.0.0.1", 0) as listener:
        running = build_server(app)
        thread = Thread(target=running.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            running.should_exit = True
            thread.join(DEADLINE_S)
            assert not thread.is_alive()
    app.extensions["dubline"].db.engine.dispose()
