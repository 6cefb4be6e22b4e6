"""All commands of `dubline`, and how their errors are told."""

import sys
import traceback
from typing import Any

import click

from backend import settings
from backend.cli.commands.completion import completion
from backend.cli.commands.dead_letters import dead_letters
from backend.cli.commands.dub import dub, transcribe
from backend.cli.commands.jobs import cancel, fetch, jobs, show
from backend.cli.commands.operate import collect, doctor, models, up, voices
from backend.cli.commands.segments import segments
from backend.cli.commands.users import users
from backend.cli.output_errors import explain_output_error
from backend.cli.processes import api, migrate, reconciler, stack, worker
from backend.process.start_errors import explain_error, find_error

# What only one command needs is imported by that command: the roles start in half the time.
COMMANDS = (
    *(dub, transcribe, segments),
    *(jobs, show, cancel, fetch, dead_letters),
    *(up, users, collect, doctor, models, voices, completion),
    *(api, worker, reconciler, stack, migrate),
)


class Commands(click.Group):
    """Tells of a path that cannot be written to by its name and what to do, and ends with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            told = explain_output_error(error, settings.load().dubline_home)
            if told is None:
                raise
            raise click.ClickException(told) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dubline")
def cli() -> None:
    """Dub recordings into other languages, on your own machine.

    Exit codes: 0 done, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
    """


for command in COMMANDS:
    cli.add_command(command)


def run() -> None:
    """Run the command; an error with a known remedy is one line, not a traceback."""
    try:
        sys.exit(cli(prog_name="dubline", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        told = tell_error(error)
        if told is None:
            raise
        click.echo(f"Error: {told}", err=True)
        sys.exit(1)


def tell_error(error: Exception) -> str | None:
    """Cause and remedy in one line; None for what nobody expected, which needs its traceback."""
    if isinstance(error, settings.SettingsError):
        return str(error)
    try:
        home = settings.load().dubline_home
    except settings.SettingsError as wrong:
        return str(wrong)
    line = find_error("".join(traceback.format_exception_only(error)))
    return explain_error(line, home) or (str(error) if isinstance(error, OSError) else None)
