"""A server that speaks OpenAI's Responses API: strict about requests, and it can misbehave."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test"
FIELDS = {"model", "instructions", "input", "store", "reasoning", "max_output_tokens", "text"}
Act = Callable[["Handler", dict[str, Any]], None]


class Server(ThreadingHTTPServer):
    """Answers each request by the next of `acts`, and when there is none as it should."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts: list[Act] = []
        self.requests: list[dict[str, Any]] = []
        self.translate: Callable[[str], str] = lambda text: f"es {text}"
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def list_keys(self) -> list[list[str]]:
        """The keys that each request asked for."""
        return [list(read_question(request)["lines"]) for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wrong = find_mistake(self.path, self.headers, body)
        if wrong:
            self.fail(400, wrong)
            return
        self.server.requests.append(body)
        act = self.server.acts.pop(0) if self.server.acts else answer_well
        act(self, body)

    def send(
        self, status: int, content: bytes, kind: str = "application/json", **more: str
    ) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "x-request-id": "req_1",
        }
        for name, value in {**headers, **more}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def fail(self, status: int, code: str, kind: str = "x_error", **more: str) -> None:
        error = {"message": f"said of {KEY}", "type": kind, "param": None, "code": code}
        self.send(status, json.dumps({"error": error}).encode(), **more)

    def answer(self, content: list[dict[str, Any]], status: str = "completed", **more: Any) -> None:
        self.send(200, json.dumps(build_response(content, status, **more)).encode())

    def log_message(self, *_: object) -> None: ...


def find_mistake(path: str, headers: Mapping[str, str], body: dict[str, Any]) -> str:
    """What OpenAI would refuse of a request; empty when it is right."""
    if path != "/v1/responses" or headers["Authorization"] != f"Bearer {KEY}":
        return "wrong path or key"
    if set(body) != FIELDS or body["store"] is not False or body["reasoning"] != {"effort": "none"}:
        return f"wrong fields: {sorted(body)}"
    shape = body["text"]["format"]
    schema = shape["schema"]
    if (shape["type"], shape["strict"]) != ("json_schema", True) or not shape["name"]:
        return "no strict schema"
    strict = schema["additionalProperties"] is False and schema["type"] == "object"
    if not strict or schema["required"] != list(schema["properties"]):
        return "a strict schema requires every property and allows no other"
    if list(read_question(body)["lines"]) != schema["required"]:
        return "the schema is not that of the lines"
    return ""


def read_question(body: dict[str, Any]) -> dict[str, Any]:
    return json.loads(body["input"])


def build_response(content: list[dict[str, Any]], status: str, **more: Any) -> dict[str, Any]:
    message = {"type": "message", "id": "m1", "status": status, "role": "assistant"}
    usage = {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 400, "cache_write_tokens": 0},
        "output_tokens": 200,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 1200,
    }
    whole = {"id": "r", "object": "response", "created_at": 1, "status": status, "model": "m"}
    return {**whole, "output": [{**message, "content": content}], "usage": usage, **more}


def text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def translate_lines(handler: Handler, body: dict[str, Any]) -> dict[str, str]:
    lines = read_question(body)["lines"]
    return {key: handler.server.translate(line["text"]) for key, line in lines.items()}


def answer_well(handler: Handler, body: dict[str, Any]) -> None:
    handler.answer([text_part(json.dumps(translate_lines(handler, body)))])


def answer_texts(change: Callable[[dict[str, str]], object]) -> Act:
    """As it should, but for what `change` makes of the texts."""

    def act(handler: Handler, body: dict[str, Any]) -> None:
        handler.answer([text_part(json.dumps(change(translate_lines(handler, body))))])

    return act


def fail(status: int, code: str, kind: str = "x_error", **headers: str) -> Act:
    return lambda handler, _: handler.fail(status, code, kind, **headers)


def refuse(handler: Handler, _: object) -> None:
    handler.answer([{"type": "refusal", "refusal": "I cannot help with that."}])


def cut_off(handler: Handler, _: object) -> None:
    details = {"reason": "max_output_tokens"}
    handler.answer([text_part('{"s0": "es On')], "incomplete", incomplete_details=details)


def send_page(handler: Handler, _: object) -> None:
    handler.send(200, b"<html>A proxy's page</html>", "text/html")


def send_half(handler: Handler, _: object) -> None:
    handler.send(200, b'{"id": "r", "obj')


def hang(handler: Handler, _: object) -> None:
    handler.server.closing.wait(10)


def trickle(handler: Handler, _: object) -> None:
    """A byte at a time, each within any time-out for a read."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    began = time.monotonic()
    while time.monotonic() - began < 10 and not handler.server.closing.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def drop(handler: Handler, _: object) -> None:
    handler.close_connection = True


@contextmanager
def run_server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
