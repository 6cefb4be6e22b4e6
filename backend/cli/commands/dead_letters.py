"""`dubline dead-letters`."""

import click

from backend import settings
from backend.cli.commands.options import server_option


@click.command("dead-letters")
@click.option("--retry", metavar="ID", help="Start this one again ('all' for each of them).")
@server_option
def dead_letters(retry: str | None, server: str | None) -> None:
    """List the stages that ran out of attempts, or start them again."""
    from backend.cli.client import connect

    with connect(settings.load(), server) as client:
        letters = client.list_dead_letters()
        for letter in letters:
            label = f"{letter['stage']} {letter['language'] or ''}".strip()
            click.echo(
                f"{letter['id']}  {label}  job {letter['jobId']}: {letter['error']['message']}"
            )
        wanted = [letter for letter in letters if retry in ("all", letter["id"])]
        # A run's dead stages start again together.
        for (job, run), letter in {(one["jobId"], one["run"]): one for one in wanted}.items():
            try:
                again = client.retry_dead_letter(letter["id"])
                click.echo(f"Run {run} of job {job} starts again as run {again['run']}")
            except click.ClickException as error:
                click.echo(f"Run {run} of job {job} does not: {error.message}", err=True)
        if not letters:
            click.echo("No dead letters")
