"""A service at the root of a host, under a URL with a path."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _PathProxy(BaseHTTPRequestHandler):
    """Leads to a service at the root of its host by a URL with a path, as Supabase has one."""

    protocol_version = "HTTP/1.1"
    path_prefix = "/storage/v1/s3"
    host: str

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = HTTPConnection(self.host)
        path = self.path.removeprefix(self.path_prefix)
        if path == self.path:
            self.send_error(404)
            return
        connection.request(self.command, path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "date", "server"}:
                self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _forward  # noqa: N815 - its parent's names

    def log_message(self, *_: object) -> None: ...


@contextmanager
def path_proxy(host: str) -> Iterator[str]:
    """A URL with a path that leads to the service at this host."""
    handler = type("Proxy", (_PathProxy,), {"host": host})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{_PathProxy.path_prefix}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
