"""A Flask app of one route that does nothing, served as the API is: `... bare_flask PORT`."""

import sys

import waitress
from flask import Flask, jsonify

from tests.benchmarks.processes import READY

app = Flask("bare")


@app.get("/")
def answer():
    return jsonify({"status": "ok"})


if __name__ == "__main__":
    server = waitress.create_server(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
    print(READY, flush=True)
    server.run()
