"""The command line: `dubline`."""

import sys

import click

from backend import settings
from backend.cli.commands.dead_letters import dead_letters
from backend.cli.commands.dub import dub, transcribe
from backend.cli.commands.operate import collect, doctor, up, voices
from backend.cli.commands.segments import segments
from backend.cli.processes import api, migrate, reconciler, worker

# What only one command needs is imported by that command: the roles start in half the time.
COMMANDS = (
    *(dub, transcribe, segments, dead_letters),
    *(up, collect, doctor, voices),
    *(api, worker, reconciler, migrate),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dubline")
def cli() -> None:
    """Dub recordings into other languages, on your own machine.

    Exit codes: 0 done, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
    """


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command; a wrong setting is one line, not a traceback."""
    try:
        cli()
    except (settings.SettingsError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
