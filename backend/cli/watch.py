"""A job's progress in the terminal, until it has ended."""

import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from backend.cli.client import Client

POLL_S = 0.5
# The time left follows from the last two minutes: stages are not equally quick.
ESTIMATE_S = 120
STEPS = 1000
ENDED = ("succeeded", "partial", "failed", "cancelled")
# Not the standard output, which is for results.
console = Console(stderr=True)


def watch_job(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Show how the job goes until it has ended; returns it as it is then."""
    columns = (
        TextColumn("{task.description:>5} {task.fields[status]:<12}"),
        BarColumn(),
        "{task.percentage:>3.0f}%",
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        "left",
    )
    client.watched = job["id"]
    with Progress(*columns, console=console, speed_estimate_period=ESTIMATE_S) as bars:
        tasks: dict[str, Any] = {}
        while True:
            for name, status, done in list_progress(job):
                if name not in tasks:
                    # What was done before took no time: the time left does not follow from it.
                    tasks[name] = bars.add_task(name, total=STEPS, completed=done, status=status)
                bars.update(tasks[name], completed=done, status=status)
            if job["status"] in ENDED:
                client.watched = None
                return job
            time.sleep(POLL_S)
            client.read_news()
            job = client.read_job(job["id"])


def list_progress(job: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Each language, or else the recording, with its status and how many steps are done."""
    if job["languages"]:
        found = [(one["language"], one["status"], one["progress"]) for one in job["languages"]]
    else:
        found = [(job["sourceLanguage"], job["status"], job["progress"])]
    return [(name, status, round(done * STEPS)) for name, status, done in found]
