"""`dubline segments`."""

from pathlib import Path

import click

from backend import settings
from backend.cli.commands.options import FOLDER, server_option


@click.command()
@click.argument("job", metavar="JOB")
@click.option("--language", required=True, help="The language of the lines, for example es.")
@click.option("--edit", is_flag=True, help="Change them in your $EDITOR.")
@click.option("--out", type=FOLDER, help="Run the job again, and fetch its files to this folder.")
@server_option
def segments(job: str, language: str, edit: bool, out: Path | None, server: str | None) -> None:
    """Show or change the lines of a dub; only what was changed is spoken and mixed again."""
    from backend.cli import edit_lines, line_text, submit
    from backend.cli.client import connect

    with connect(settings.load(), server) as client:
        found = client.read_segments(job, language)
        revision = found["revision"]
        if edit:
            revision = edit_lines.edit_in_editor(client, job, language, found)
        else:
            click.echo(line_text.format_lines(found["segments"]))
        if out:
            out.mkdir(parents=True, exist_ok=True)
            submit.finish_job(client, client.resume(job), out)
        elif revision != found["outputRevision"]:
            click.echo("What was changed is heard after another run: give --out FOLDER", err=True)
