"""The processes that a house consists of, each a command of its own."""

import os
import runpy
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import click

from backend import settings
from backend.pipeline.stages import Stage

if TYPE_CHECKING:
    from backend.cli.supervisor import Stack

# Workers share nothing but the database, so they need not look for one another.
WORKER_OPTIONS = ("--loglevel", "INFO", "--without-mingle", "--without-gossip")


def _parse_stages(_context: click.Context, _option: click.Parameter, given: str) -> list[Stage]:
    try:
        return [Stage(name.strip()) for name in given.split(",")]
    except ValueError:
        raise click.BadParameter(f"name some of {', '.join(Stage)}") from None


@click.command()
@click.option("--fd", type=int, help="Serve on this open socket, not on API_HOST and API_PORT.")
def api(fd: int | None) -> None:
    """Serve the HTTP API."""
    from backend.api.app import create_app
    from backend.api.server import build_server
    from backend.process import lifeline
    from backend.process.listener import listen
    from backend.telemetry import logs

    loaded = settings.load()
    logs.configure_logs(loaded)
    listener = listen(loaded.api_host, loaded.api_port) if fd is None else socket.socket(fileno=fd)
    loaded = loaded.model_copy(update={"api_port": listener.getsockname()[1]})
    server = build_server(create_app(loaded))
    lifeline.wait_for_permission()
    lifeline.follow_parent()
    click.echo(f"Listening on {loaded.api_url}")
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    sys.stderr.flush()
    os._exit(0)  # threads that wait for clients must not keep the process


@click.command()
@click.option(
    "--stages",
    default=",".join(Stage),
    show_default=True,
    callback=_parse_stages,
    help="Those that this worker takes.",
)
def worker(stages: list[Stage]) -> None:
    """Run stages."""
    # Before Celery does, which tells of a module that does not load by two pages of traceback.
    import_module("workers.tasks")
    # It warns of root because messages could hold code: ours cannot (accept_content).
    warnings.simplefilter("ignore", import_module("celery.exceptions").SecurityWarning)
    # In this very process: Celery handles its signals best as the process itself.
    sys.argv = ["celery", "--quiet", "-A", "workers.app", "worker", *WORKER_OPTIONS]
    sys.argv += ["--queues", ",".join(stage.queue for stage in stages)]
    runpy.run_module("celery", run_name="__main__", alter_sys=True)


@click.command()
def reconciler() -> None:
    """Send what is due and take over from dead workers."""
    runpy.run_module("workers.reconciler", run_name="__main__")


@click.command(hidden=True)
@click.option("--start-fd", type=int, required=True, help="Descriptor of the lock for starting.")
def stack(start_fd: int) -> None:
    """Run the stack that commands share, as long as one of them uses it."""
    from backend.cli.supervisor import Stack

    if os.fork():
        os._exit(0)  # the stack is nobody's child: who started it may end before it, or after
    own = Stack(settings.load(api_port=0))
    own.logs = own.files.logs
    signal.signal(signal.SIGTERM, lambda *_: own.request_end("told"))
    with own:
        os.close(start_fd)  # by which those who wait learn that it is ready
        threading.Thread(target=_wait_for_last_user, args=(own,), daemon=True).start()
        if own.wait() == "failed":
            sys.exit(1)


def _wait_for_last_user(own: "Stack") -> None:
    own.files.open_users_lock().take()
    own.request_end("unused")


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from backend.database import schema
    from backend.wiring import Parts

    schema.migrate(Parts(settings.load()).db)
    click.echo("The database is up to date")
