"""Jobs as people read them in a terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

JobFields = dict[str, Any]


def print_jobs(jobs: Sequence[JobFields]) -> None:
    """A line for each."""
    if not jobs:
        click.echo("No jobs")
        return
    table = Table("job", "what", "of", "status", "begun", box=box.SIMPLE)
    for job in jobs:
        what = " ".join((job["kind"], ",".join(job["targetLanguages"])))
        table.add_row(
            *(job["id"], what.strip(), job["filename"], job["status"]),
            format_time(job["createdAt"]),
        )
    # As wide as it is: a pipe has no width, and an id that is cut is none.
    Console(width=None if Console().is_terminal else 200).print(table)


def print_job(job: JobFields) -> None:
    """All that a person asks of it."""
    click.echo(f"Job {job['id']}: {job['kind']} of {job['filename']}, {job['status']}")
    table = Table("stage", "state", "done", "by", box=box.SIMPLE)
    for stage, tag in list_stages(job):
        by = stage["cost"]["provider"] or ""
        done = stage["progress"] if stage["state"] == "running" else None
        share = "" if done is None else f"{done:.0%}"
        table.add_row(format_label(stage, tag), stage["state"], share, by)
    console = Console()
    console.print(table)
    for artifact in job["artifacts"]:
        click.echo(f"{artifact['name']}  {decimal(artifact['size'])}")
    for line in (*list_warnings(job), *list_errors(job)):
        console.print(f"Note: {line}", style="yellow", highlight=False, soft_wrap=True)


def list_stages(job: JobFields) -> Iterator[tuple[JobFields, str | None]]:
    """All stages, each with its language; None for what serves all."""
    yield from ((stage, None) for stage in job["stages"])
    for language in job["languages"]:
        yield from ((stage, language["language"]) for stage in language["stages"])


def list_warnings(job: JobFields) -> list[str]:
    """Each once: what is true of the recording is told by several stages."""
    return list(dict.fromkeys(text for stage, _ in list_stages(job) for text in stage["warnings"]))


def list_errors(job: JobFields) -> list[str]:
    """Of the stages that failed."""
    return [
        f"{format_label(stage, tag)}: {stage['error']['message']}"
        for stage, tag in list_stages(job)
        if stage["error"] and stage["state"] in ("failed", "dead")
    ]


def format_label(stage: JobFields, language: str | None) -> str:
    """A stage with its language."""
    return f"{stage['stage']} ({language})" if language else str(stage["stage"])


def format_time(told: str) -> str:
    """A time as the API tells it, in this machine's zone, to the minute."""
    return f"{datetime.fromisoformat(told).astimezone():%Y-%m-%d %H:%M}"
