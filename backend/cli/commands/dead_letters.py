"""`dubline dead-letters`."""

import click

from backend import settings
from backend.cli.commands.options import json_option, print_json, server_option


@click.command("dead-letters")
@click.option("--retry", metavar="ID", help="Start this one again ('all' for each of them).")
@json_option
@server_option
def dead_letters(retry: str | None, as_json: bool, server: str | None) -> None:
    """List the stages that ran out of attempts, or start them again."""
    from backend.cli.client import connect

    with connect(settings.load(), server) as client:
        letters = client.list_dead_letters()
        if as_json:
            print_json(letters)
        for letter in () if as_json else letters:
            label = f"{letter['stage']} {letter['language'] or ''}".strip()
            click.echo(
                f"{letter['id']}  {label}  job {letter['jobId']}: {letter['error']['message']}"
            )
        wanted = [letter for letter in letters if retry in ("all", letter["id"])]
        # A run's dead stages start again together.
        for (job, run), letter in {(one["jobId"], one["run"]): one for one in wanted}.items():
            try:
                again = client.retry_dead_letter(letter["id"])
                click.echo(
                    f"Run {run} of job {job} starts again as run {again['run']}", err=as_json
                )
            except click.ClickException as error:
                click.echo(f"Run {run} of job {job} does not: {error.message}", err=True)
        if not letters and not as_json:
            click.echo("No dead letters")
