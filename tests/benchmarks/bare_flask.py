"""A Flask app of one route that does nothing, served as the API is: `... bare_flask PORT`."""

import sys

from flask import Flask, jsonify

from backend.api.server import build_server
from backend.process.listener import listen
from tests.benchmarks.processes import READY

app = Flask("bare")


@app.get("/")
def answer():
    return jsonify({"status": "ok"})


if __name__ == "__main__":
    with listen("127.0.0.1", int(sys.argv[1])) as listener:
        print(READY, flush=True)
        build_server(app).run(sockets=[listener])
