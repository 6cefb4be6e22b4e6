"""`dubline dub` and `dubline transcribe`: send a file, watch the job, fetch what it made."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from backend.cli import results
from backend.cli.client import ApiError, Client
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.keys import hash_json
from backend.settings import Settings
from backend.storage.hashing import compute_file_sha256

POLL_S = 0.5
ENDED = ("succeeded", "partial", "failed", "cancelled")
console = Console()


@dataclass(frozen=True)
class JobFiles:
    """What a job is made of; `translations` are by language."""

    media: Path
    background: Path | None = None
    transcript: Path | None = None
    translations: Mapping[str, Path] = field(default_factory=dict)

    @property
    def start(self) -> str:
        """The first stage that is not given."""
        return "tts" if self.translations else "mt" if self.transcript else "asr"


def run_job(
    client: Client,
    settings: Settings,
    *,
    files: JobFiles,
    request: dict[str, Any],
    out: Path,
) -> None:
    """Do it all; raises `click.ClickException` with what went wrong, in one line."""
    ledger = _build_ledger_path(settings, files, request)
    job = _take_up_job(client, ledger) or _submit_job(client, files, request, ledger)
    finish_job(client, job, out, files.media.name)


def finish_job(client: Client, job: dict[str, Any], out: Path, media: str = "") -> None:
    """Watch a job to its end and fetch its files; raises as `run_job` does.

    `media` is what its user calls the recording, where that is known.
    """
    job = _watch_job(client, job)
    _print_report(client, job, fetch_files(client, job, out, media))


def _build_ledger_path(settings: Settings, files: JobFiles, request: dict[str, Any]) -> Path:
    """Where the id of this very command's job is kept, so that the same command goes on with it."""
    single = (files.media, files.background, files.transcript)
    what = [
        [path and compute_file_sha256(path) for path in single],
        {language: compute_file_sha256(path) for language, path in files.translations.items()},
        request,
    ]
    key = hash_json(what)
    return settings.dubline_home / "commands" / key


def _take_up_job(client: Client, ledger: Path) -> dict[str, Any] | None:
    try:
        job = client.read_job(ledger.read_text())
    except FileNotFoundError:
        return None
    except ApiError as error:
        if error.status == httpx.codes.NOT_FOUND:
            return None
        raise
    if job["status"] == "succeeded":
        console.print(f"This was done before, by job {job['id']}: fetching its files again")
        return job
    if job["status"] in ENDED:
        job = client.resume(job["id"])
    done = [_format_label(stage, None) for stage in job["stages"] if stage["state"] == "succeeded"]
    for language in job["languages"]:
        done += [
            _format_label(stage, language["language"])
            for stage in language["stages"]
            if stage["state"] == "succeeded"
        ]
    console.print(f"Going on with job {job['id']}; reused: {', '.join(done) or 'nothing yet'}")
    return job


def _submit_job(
    client: Client, files: JobFiles, request: dict[str, Any], ledger: Path
) -> dict[str, Any]:
    with console.status(f"Sending {files.media.name} ..."):
        job = client.submit({**request, "startFrom": files.start, **_send_files(client, files)})
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text(job["id"])
    console.print(f"Job {job['id']}")
    return job


def _send_files(client: Client, files: JobFiles) -> dict[str, Any]:
    """The uploads as a request names them."""
    sent: dict[str, Any] = {"mediaId": client.upload(files.media, "video")["id"]}
    if files.background:
        sent["backgroundId"] = client.upload(files.background, "background")["id"]
    if files.transcript:
        sent["transcriptId"] = _send_transcript(client, files.transcript)
    sent["translations"] = {
        language: _send_transcript(client, path) for language, path in files.translations.items()
    }
    return sent


def _send_transcript(client: Client, path: Path) -> str:
    taken = client.upload(path, "transcript")
    charset = taken["mime"].partition("charset=")[2]
    if charset not in {"", "utf-8"}:
        console.print(f"{path.name} is read as {charset}; save it as UTF-8 if that is wrong")
    return str(taken["id"])


def _watch_job(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    columns = (
        TextColumn("{task.description:>5} {task.fields[status]:<12}"),
        BarColumn(),
        "{task.percentage:>3.0f}%",
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}
        while True:
            for name, status, done in _list_progress(job):
                if name not in tasks:
                    tasks[name] = bars.add_task(name, total=1.0, status=status)
                bars.update(tasks[name], completed=done, status=status)
            if job["status"] in ENDED:
                return job
            time.sleep(POLL_S)
            client.read_news()
            job = client.read_job(job["id"])


def _list_progress(job: dict[str, Any]) -> list[tuple[str, str, float]]:
    if job["languages"]:
        return [(one["language"], one["status"], one["progress"]) for one in job["languages"]]
    return [(job["sourceLanguage"], job["status"], job["progress"])]


def fetch_files(client: Client, job: dict[str, Any], out: Path, media: str = "") -> list[Path]:
    """Fetch the job's files into the folder, and tell what was there and is not of this job."""
    wanted = {one["name"]: one for one in choose_artifacts(job)}
    if not wanted:
        return []
    folder = results.open_results(out)
    before = folder.index
    changes = folder.make_room(
        job["id"], media, {name: one["sha256"] for name, one in wanted.items()}
    )
    for line in folder.tell_changes(before, changes):
        console.print(line, style="yellow", highlight=False, soft_wrap=True)
    for name in changes.missing:
        client.download(job["id"], wanted[name], out)
        folder.note_file(name, wanted[name]["sha256"])
    return [out / name for name in wanted]


def choose_artifacts(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The artifacts that users have a use for."""
    return [
        artifact
        for artifact in job["artifacts"]
        if artifact["stage"] in ("mix", "join")
        or artifact["kind"] == ArtifactKind.SEGMENTS
        or job["kind"] != "dub"
        # The parts of streams are of use to players only, the index of a mix to the next run.
        if not artifact["kind"].startswith((ArtifactKind.HLS, ArtifactKind.MIX_INDEX))
    ]


def _print_report(client: Client, job: dict[str, Any], files: list[Path]) -> None:
    table = Table("file", "size")
    for file in files:
        table.add_row(str(file), decimal(file.stat().st_size))
    if files:
        console.print(table)
    costs = format_costs(client.read_costs(job["id"]))
    for line in (*map(format_summary, job["languages"]), costs):
        if line:
            console.print(line, highlight=False, soft_wrap=True)
    for warning in _list_warnings(job):
        console.print(f"Note: {warning}", style="yellow")
    if job["status"] != "succeeded":
        raise click.ClickException(
            f"The job ended as {job['status']}: {'; '.join(_list_errors(job))}"
        )
    watchable = sorted((file for file in files if file.stem == "dub"), key=_is_audio_only)
    if watchable:
        console.print(f"Play it with any player, for example: mpv '{watchable[0]}'")


def format_summary(language: dict[str, Any]) -> str:
    """What the report of a language says, in one line; nothing while there is none."""
    sums, tag = language["report"], language["language"]
    if not sums:
        return ""
    said = {
        "{} lines": sums["lines"],
        "overlap {:.0%}": sums["overlap"],
        "fastest {:.2f}x": sums["maxRate"],
        "{} over each other": sums["collisions"],
        "{} cut": sums["cuts"],
        "{:.1f} LUFS": sums["loudness"],
    }
    told = (form.format(value) for form, value in said.items() if value is not None)
    return f"{tag}: {', '.join(told)}; see {tag}/report.html"


def format_costs(costs: dict[str, Any]) -> str:
    """What all runs of a job have cost, in one line; nothing where nothing is to be paid."""
    spent, saved = costs["usd"], costs["savedUsd"]
    told = f"Cost: {spent:.4f} USD"
    return (f"{told}, and {saved:.4f} saved by reuse" if saved else told) if spent else ""


def _is_audio_only(file: Path) -> bool:
    return file.suffix in {".m4a", ".flac"}


def _list_stages(job: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str | None]]:
    yield from ((stage, None) for stage in job["stages"])
    for language in job["languages"]:
        yield from ((stage, language["language"]) for stage in language["stages"])


def _list_warnings(job: dict[str, Any]) -> list[str]:
    told = (text for stage, _ in _list_stages(job) for text in stage["warnings"])
    return list(dict.fromkeys(told))  # what is true of the recording is told by several stages


def _list_errors(job: dict[str, Any]) -> list[str]:
    found = [
        f"{_format_label(stage, tag)}: {stage['error']['message']}"
        for stage, tag in _list_stages(job)
        if stage["error"] and stage["state"] in ("failed", "dead")
    ]
    return found or ["it was cancelled"]


def _format_label(stage: dict[str, Any], language: str | None) -> str:
    return f"{stage['stage']} ({language})" if language else str(stage["stage"])
