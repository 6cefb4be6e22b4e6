"""The lines of a dub in the user's editor, and from there to the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import Any

import click

from backend.cli.client import ApiError, Client
from backend.cli.line_text import as_text, changes


def edited(client: Client, job: str, language: str, found: dict[str, Any]) -> int:
    """Let the user edit the lines `found` and send what was changed; returns their new revision.

    Raises `click.ClickException` for what cannot be read or is refused; the text is kept then.
    """
    lines, revision = found["segments"], int(found["revision"])
    text = click.edit(as_text(lines), extension=".srt")
    if text is None:
        return revision
    with _kept(text, language):
        for number, change in changes(text, lines).items():
            revision = _changed(client, job, language, number, {"revision": revision, **change})
            click.echo(f"Line {number} changed")
    return revision


def _changed(client: Client, job: str, language: str, number: int, change: dict[str, Any]) -> int:
    try:
        return int(client.change(job, language, number, change)["revision"])
    except ApiError as error:
        raise click.ClickException(f"Line {number}: {error.message}") from None


@contextmanager
def _kept(text: str, language: str) -> Iterator[None]:
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
