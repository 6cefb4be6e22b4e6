"""The API at a port, in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

from backend.api.app import create_app
from backend.wiring import Parts


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
