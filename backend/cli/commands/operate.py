"""Commands for whoever runs Dubline: `up`, `collect`, `doctor`, `models`, `voices`."""

import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

import click

from backend import settings
from backend.cli.commands.options import json_option, print_json
from backend.settings.checks import is_open

if TYPE_CHECKING:
    from backend.storage.base import StoredObject

_JSON = ("--json",)


@click.command()
@click.option("--host", "api_host", help="Address to listen on, as in API_HOST.")
@click.option(
    "--port",
    "api_port",
    type=click.IntRange(0, 65535),
    help="Port to listen on, as in API_PORT; 0: any that is free.",
)
def up(**given: str | int | None) -> None:
    """Run API, worker and reconciler together on this machine, until Ctrl-C."""
    from backend.cli.supervisor import Stack

    named = {name: value for name, value in given.items() if value is not None}
    stack = Stack(settings.load(**named))
    click.echo("Starting Dubline ...")
    with ExitStack() as held:
        # One of its users, so that no command that uses it too ends it.
        held.enter_context(stack.files.open_users_lock()).share()
        with stack.files.open_start_lock() as starting:
            starting.take()
            held.enter_context(stack)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: stack.request_end("told"))
        whose = "open to this machine" if is_open(stack.settings) else "log in"
        click.echo(f"Dubline is up: {stack.url}/v1 ({whose})")
        if stack.wait() == "failed":
            sys.exit(1)
        click.echo("Stopping: running stages are handed back and go on at the next start ...")


@click.command()
@click.option("--delete", is_flag=True, help="Remove them; otherwise they are only listed.")
@json_option
def collect(delete: bool, as_json: bool) -> None:
    """List the files in storage that nothing refers to, or remove them."""
    from rich.filesize import decimal

    from backend.database import schema
    from backend.errors import DublineError
    from backend.retention import garbage
    from backend.wiring import Parts

    parts = Parts(settings.load())
    if not schema.is_current(parts.db):
        raise click.ClickException("The schema is not up to date: run `dubline migrate` first")
    keep = garbage.compute_ages(parts.settings.stage_limit_s, parts.settings.keep_days)
    told: list[StoredObject] = []
    try:
        for found in garbage.collect_garbage(
            parts.db, parts.store, parts.scratch, keep, delete=delete
        ):
            told.append(found)
            if not as_json:
                click.echo(found.key)
    except DublineError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json([{"key": one.key, "size": one.size} for one in told])
    what = "removed" if delete else "to be removed with --delete"
    size = decimal(sum(one.size for one in told))
    click.echo(f"Objects {what}: {len(told)}, {size}", err=True)


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Tell what is installed, which languages work, and what to install for more."""
    _become("workers.doctor", *_JSON[:as_json])


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def models(arguments: tuple[str, ...]) -> None:
    """List the models of the neural engines, install and remove them."""
    _become("workers.models.command", *arguments)


@click.command()
@click.argument("language")
@json_option
def voices(language: str, as_json: bool) -> None:
    """List the voices for LANGUAGE, for example es, the best ones first."""
    _become("workers.voices", language, *_JSON[:as_json])


def _become(module: str, *arguments: str) -> NoReturn:
    """Go on as a module of the workers, which nothing here may import."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606
