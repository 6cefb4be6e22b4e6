"""`dubline dub` and `dubline transcribe`: send a file, watch the job, fetch what it made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from backend.cli import results
from backend.cli.client import ApiError, Client
from backend.cli.commands.options import print_json
from backend.cli.job_text import format_label, list_errors, list_stages, list_warnings
from backend.cli.watch import ENDED, console, watch_job
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.keys import hash_json
from backend.settings import Settings
from backend.storage.hashing import compute_file_sha256


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
    as_json: bool,
) -> None:
    """Do it all; raises `click.ClickException` with what went wrong, in one line."""
    ledger = _build_ledger_path(settings, files, request)
    job = _take_up_job(client, ledger) or _submit_job(client, files, request, ledger)
    finish_job(client, job, out, as_json=as_json)


def finish_job(
    client: Client,
    job: dict[str, Any],
    out: Path,
    *,
    language: str = "",
    as_json: bool = False,
) -> None:
    """Watch a job to its end and fetch its files; raises as `run_job` does.

    `language` is the one that its user was at work on.
    """
    job = watch_job(client, job)
    files = fetch_files(client, job, out)
    if as_json:
        print_json({**job, "files": [str(file) for file in files]})
    else:
        _print_report(client, job, files, out / language)
    if job["status"] != "succeeded":
        told = "; ".join(list_errors(job)) or "it was cancelled"
        raise click.ClickException(f"The job ended as {job['status']}: {told}")


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
    done = [
        format_label(stage, language)
        for stage, language in list_stages(job)
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


def fetch_files(client: Client, job: dict[str, Any], out: Path) -> list[Path]:
    """Fetch the job's files into the folder, and tell what was there and is not of this job."""
    wanted = {one["name"]: one for one in choose_artifacts(job)}
    if not wanted:
        return []
    folder = results.open_results(out)
    before = folder.index
    changes = folder.make_room(
        job["id"], job["filename"], {name: one["sha256"] for name, one in wanted.items()}
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


def _print_report(client: Client, job: dict[str, Any], files: list[Path], folder: Path) -> None:
    """Tell what there is now; what to play is from the folder."""
    told = Console()
    table = Table("file", "size")
    for file in files:
        table.add_row(str(file), decimal(file.stat().st_size))
    if files:
        told.print(table)
    costs = format_costs(client.read_costs(job["id"]))
    for line in (*map(format_summary, job["languages"]), costs):
        if line:
            told.print(line, highlight=False, soft_wrap=True)
    for warning in list_warnings(job):
        told.print(f"Note: {warning}", style="yellow", highlight=False, soft_wrap=True)
    dubs = [file for file in files if file.stem == "dub" and file.is_relative_to(folder)]
    watchable = sorted(dubs, key=_is_audio_only)
    if watchable and job["status"] == "succeeded":
        told.print(f"Play it with any player, for example: mpv '{watchable[0]}'", soft_wrap=True)


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
