"""`dubline jobs`, `show`, `cancel` and `fetch`: the jobs that there are."""

from pathlib import Path
from typing import Any

import click

from backend import settings
from backend.cli.commands.options import FOLDER, json_option, print_json, server_option


@click.command()
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@json_option
@server_option
def jobs(limit: int, as_json: bool, server: str | None) -> None:
    """List the jobs, newest first."""
    from backend.cli import job_text
    from backend.cli.client import connect

    with connect(settings.load(), server) as client:
        found = client.list_jobs(limit)
    if as_json:
        print_json(found)
    else:
        job_text.print_jobs(found)


@click.command()
@click.argument("job", metavar="JOB")
@json_option
@server_option
def show(job: str, as_json: bool, server: str | None) -> None:
    """Tell how JOB goes: its stages, warnings, errors and files.

    JOB is its id, or as much of its beginning or end as no other job has.
    """
    from backend.cli import job_text
    from backend.cli.client import connect

    with connect(settings.load(), server) as client:
        found = client.read_job(client.find_job_id(job))
    if as_json:
        print_json(found)
    else:
        job_text.print_job(found)


@click.command()
@click.argument("job", metavar="JOB")
@json_option
@server_option
def cancel(job: str, as_json: bool, server: str | None) -> None:
    """Cancel JOB; what is finished of it is kept."""
    from backend.cli.client import connect

    with connect(settings.load(), server) as client:
        found, cancelling = client.cancel(client.find_job_id(job))
    if as_json:
        print_json(found)
    elif cancelling:
        click.echo(f"Job {found['id']} is being cancelled; what is finished of it is kept")
    else:
        click.echo(f"Job {found['id']} had ended before: {found['status']}")


@click.command()
@click.argument("job", metavar="JOB")
@click.option("--out", type=FOLDER, help="Folder for the files [default: beside you, by its id].")
@json_option
@server_option
def fetch(job: str, out: Path | None, **options: Any) -> None:
    """Wait until JOB has ended, and fetch its files."""
    from backend.cli import submit
    from backend.cli.client import connect

    with connect(settings.load(), options["server"]) as client:
        found = client.read_job(client.find_job_id(job))
        folder = out or Path(found["id"])
        submit.finish_job(client, found, folder, as_json=options["as_json"])
