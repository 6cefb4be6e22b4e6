"""Options that several commands have."""

import json
from pathlib import Path
from typing import Any

import click

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

server_option = click.option(
    "--server", envvar="DUBLINE_URL", help="URL of a Dubline API to use instead."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def print_json(value: Any) -> None:
    """The result of a command with `--json`; all else it has to say goes to standard error."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
