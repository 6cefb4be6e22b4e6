"""Options that several commands have."""

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

server_option = click.option(
    "--server", envvar="DUBLINE_URL", help="URL of a Dubline API to use instead."
)
