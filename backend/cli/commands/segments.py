"""`dubline segments`."""

from pathlib import Path

import click

from backend import settings
from backend.cli.commands.options import FOLDER, json_option, print_json, server_option


@click.command()
@click.argument("job", metavar="JOB")
@click.option("--language", required=True, help="The language of the lines, for example es.")
@click.option("--edit", is_flag=True, help="Change them in your $EDITOR.")
@click.option("--out", type=FOLDER, help="Run the job again, and fetch its files to this folder.")
@json_option
@server_option
def segments(
    job: str, *, language: str, edit: bool, out: Path | None, as_json: bool, server: str | None
) -> None:
    """Show or change the lines of a dub; only what was changed is spoken and mixed again."""
    from backend.cli import edit_lines, line_text, submit
    from backend.cli.client import connect

    with connect(settings.load(), server) as client:
        job = client.find_job_id(job)
        found = client.read_segments(job, language)
        revision = found["revision"]
        if edit:
            revision = edit_lines.edit_in_editor(client, job, language, found)
            if revision == found["revision"]:
                click.echo("Nothing was changed", err=True)
        elif not as_json:
            click.echo(line_text.format_lines(found["segments"]))
        if as_json and not out:
            print_json(client.read_segments(job, language))
        unheard = revision != found["outputRevision"]
        if out:
            again = client.resume(job) if unheard else client.read_job(job)
            tag = found["language"]
            submit.finish_job(client, again, out, language=tag, as_json=as_json)
        elif unheard:
            click.echo("What was changed is heard after another run: give --out FOLDER", err=True)
