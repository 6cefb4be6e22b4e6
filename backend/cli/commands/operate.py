"""Commands for whoever runs Dubline: `up`, `collect`, `doctor`, `models`, `voices`."""

import os
import signal
import sys
from contextlib import ExitStack

import click

from backend import settings


@click.command()
def up() -> None:
    """Run API, worker and reconciler together on this machine, until Ctrl-C."""
    from backend.cli.supervisor import Stack

    stack = Stack(settings.load())
    click.echo("Starting Dubline ...")
    with ExitStack() as held:
        # One of its users, so that no command that uses it too ends it.
        held.enter_context(stack.files.open_users_lock()).share()
        with stack.files.open_start_lock() as starting:
            starting.take()
            held.enter_context(stack)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: stack.request_end("told"))
        click.echo(f"Dubline is up: {stack.url}/v1 (no accounts yet: keep it on this machine)")
        if stack.wait() == "failed":
            sys.exit(1)
        click.echo("Stopping: running stages are handed back and go on at the next start ...")


@click.command()
@click.option("--delete", is_flag=True, help="Remove them; otherwise they are only listed.")
def collect(delete: bool) -> None:
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
    count = size = 0
    try:
        for found in garbage.collect_garbage(
            parts.db, parts.store, parts.scratch, keep, delete=delete
        ):
            click.echo(found.key)
            count, size = count + 1, size + found.size
    except DublineError as error:
        raise click.ClickException(str(error)) from None
    what = "removed" if delete else "to be removed with --delete"
    click.echo(f"Objects {what}: {count}, {decimal(size)}", err=True)


@click.command()
def doctor() -> None:
    """Tell what is installed, which languages work, and what to install for more."""
    os.execv(sys.executable, [sys.executable, "-m", "workers.doctor"])  # noqa: S606


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def models(arguments: tuple[str, ...]) -> None:
    """List the models of the neural engines, install and remove them."""
    command = [sys.executable, "-m", "workers.models.command", *arguments]
    os.execv(sys.executable, command)  # noqa: S606


@click.command()
@click.argument("language")
def voices(language: str) -> None:
    """List the voices for LANGUAGE, for example es, the best ones first."""
    os.execv(sys.executable, [sys.executable, "-m", "workers.voices", language])  # noqa: S606
