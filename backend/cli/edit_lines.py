"""The lines of a dub in the user's editor, and from there to the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import Any

import click

from backend.cli.client import ApiError, Client
from backend.cli.line_text import format_lines, parse_changes
from backend.documents.text import number_line


def edit_in_editor(client: Client, job: str, language: str, found: dict[str, Any]) -> int:
    """Let the user edit the lines `found` and send what was changed; returns their new revision.

    Raises `click.ClickException` for what cannot be read or is refused; the text is kept then.
    """
    lines, revision = found["segments"], int(found["revision"])
    text = click.edit(format_lines(lines), extension=".srt")
    if text is None:
        return revision
    with _keep_on_error(text, language):
        for number, change in parse_changes(text, lines).items():
            revision = _send_change(client, job, language, number, {"revision": revision, **change})
            click.echo(f"Line {number_line(number)} changed", err=True)
    return revision


def _send_change(
    client: Client, job: str, language: str, number: int, change: dict[str, Any]
) -> int:
    try:
        return int(client.change_segment(job, language, number, change)["revision"])
    except ApiError as error:
        raise click.ClickException(f"Line {number_line(number)}: {error.message}") from None


@contextmanager
def _keep_on_error(text: str, language: str) -> Iterator[None]:
    """Whatever goes wrong, nobody has to edit it all again."""
    try:
        yield
    except BaseException:
        prefix = f"segments_{language}_"
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=".", prefix=prefix, suffix=".srt", delete=False
        ) as file:
            file.write(text)
        click.echo(f"What you edited is kept in {file.name}", err=True)
        raise
