"""The command line: `dubline`."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from backend import settings
from backend.cli.processes import api, migrate, reconciler, worker

# What only one command needs is imported by that command: the roles start in half the time.


FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dubline")
def cli() -> None:
    """Dub recordings into other languages, on your own machine.

    Exit codes: 0 done, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
    """


def _job_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--from", "source", default="en", show_default=True, help="Language spoken."),
        click.option(
            "--mode",
            type=click.Choice(["mono", "dialogue"]),
            default="mono",
            show_default=True,
            help="One speaker, or several to tell apart.",
        ),
        click.option("--out", type=FOLDER, help="Folder for the results [default: beside INPUT]."),
        click.option("--server", envvar="DUBLINE_URL", help="URL of a Dubline API to use instead."),
    ):
        command = option(command)
    return command


def _pairs(given: Sequence[str], example: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for one, (name, _, value) in zip(given, pairs, strict=True):
        if not (name and value):
            raise click.BadParameter(f"'{one}': write it as in {example}")
    return {name: value for name, _, value in pairs}


def _translations(
    context: click.Context, option: click.Parameter, given: Sequence[str]
) -> dict[str, Path]:
    pairs = _pairs(given, "es=talk.es.srt")
    return {language: FILE.convert(path, option, context) for language, path in pairs.items()}


def _voices(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> dict[str, str]:
    return _pairs(given, "B=f2")


@cli.command()
@click.argument("media", metavar="INPUT", type=FILE)
@click.option("--to", "targets", required=True, help="Target languages, for example es,pt.")
@click.option("--background", type=FILE, help="Music and effects without speech.")
@click.option(
    "--bed",
    type=click.Choice(["auto", "background", "source", "instrumental", "none"]),
    default="auto",
    show_default=True,
    help="What sounds under the dub; auto: --background if given, otherwise the source, lowered.",
)
@click.option(
    "--loudness",
    type=click.Choice(["source", "web", "ebu", "streaming"]),
    default="source",
    show_default=True,
    help="As the source, or -16 (web), -23 (EBU R128) or -27 LUFS (streaming).",
)
@click.option(
    "--timing",
    "policy",
    type=click.Choice(["fit", "extend", "report"]),
    default="fit",
    show_default=True,
    help="Lines too long for their place: spoken fast, waited for with the picture, or left out.",
)
@click.option("--flac", is_flag=True, help="Also the dubbed audio as FLAC.")
@click.option("--stems", is_flag=True, help="Also the dub and the bed by themselves.")
@click.option("--segment-audio", is_flag=True, help="Also each line's speech as a file, zipped.")
@click.option(
    "--transcribe-dub", is_flag=True, help="Let it be transcribed, to count the word errors."
)
@click.option("--bilingual", is_flag=True, help="Also captions in both languages.")
@click.option("--burn-in", is_flag=True, help="Also a video with captions in its picture.")
@click.option("--transcript", type=FILE, help="What is said, as SRT, WebVTT or JSON.")
@click.option(
    "--translation",
    "translations",
    metavar="LANGUAGE=FILE",
    multiple=True,
    callback=_translations,
    help="A translation of it, for example es=talk.es.srt; one for each language.",
)
@click.option(
    "--voice",
    "voices",
    multiple=True,
    metavar="SPEAKER=VOICE",
    callback=_voices,
    help="A speaker's voice, for example B=f2; see `dubline voices es`. May be repeated.",
)
@_job_options
def dub(
    media: Path,
    *,
    targets: str,
    policy: str,
    bilingual: bool,
    burn_in: bool,
    voices: dict[str, str],
    **options: Any,
) -> None:
    """Dub INPUT, any audio or video file, into other languages."""
    mixed = ("bed", "loudness", "flac", "stems")
    request = {
        "kind": "dub",
        "targetLanguages": [tag.strip() for tag in targets.split(",") if tag.strip()],
        **{name: options.pop(name) for name in mixed},
        "segmentAudio": options.pop("segment_audio"),
        "transcribeDub": options.pop("transcribe_dub"),
        "captions": {"bilingual": bilingual, "burnIn": burn_in},
        "timing": {"policy": policy},
        "voices": voices,
    }
    _do(media, request, **options)


@cli.command()
@click.argument("media", metavar="INPUT", type=FILE)
@_job_options
def transcribe(media: Path, **options: Any) -> None:
    """Transcribe INPUT to TXT, SRT, VTT, DOCX and JSON."""
    _do(media, {"kind": "transcribe"}, **options)


def _do(
    media: Path,
    request: dict[str, Any],
    *,
    source: str,
    mode: str,
    out: Path | None,
    server: str | None,
    **others: Any,
) -> None:
    from backend.cli import submit

    loaded = settings.load()
    out = out or media.with_name(f"{media.stem}-{request['kind']}")
    out.mkdir(parents=True, exist_ok=True)
    request = {**request, "sourceLanguage": source, "mode": mode}
    try:
        with submit.connected(loaded, server) as (client, stack):
            files = submit.Files(media, **others)
            submit.run(client, stack, loaded, files=files, request=request, out=out)
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        sys.exit(130)


@cli.command()
@click.argument("job", metavar="JOB")
@click.option("--language", required=True, help="The language of the lines, for example es.")
@click.option("--edit", is_flag=True, help="Change them in your $EDITOR.")
@click.option("--out", type=FOLDER, help="Run the job again, and fetch its files to this folder.")
@click.option("--server", envvar="DUBLINE_URL", help="URL of a Dubline API to use instead.")
def segments(job: str, language: str, edit: bool, out: Path | None, server: str | None) -> None:
    """Show or change the lines of a dub; only what was changed is spoken and mixed again."""
    from backend.cli import edit_lines, line_text, submit

    with submit.connected(settings.load(), server) as (client, stack):
        found = client.segments(job, language)
        revision = found["revision"]
        if edit:
            revision = edit_lines.edited(client, job, language, found)
        else:
            click.echo(line_text.as_text(found["segments"]))
        if out:
            out.mkdir(parents=True, exist_ok=True)
            submit.finish(client, stack, client.resume(job), out)
        elif revision != found["outputRevision"]:
            click.echo("What was changed is heard after another run: give --out FOLDER", err=True)


@cli.command("dead-letters")
@click.option("--requeue", metavar="ID", help="Start this one again ('all' for each of them).")
@click.option("--server", envvar="DUBLINE_URL", help="URL of a Dubline API to use instead.")
def dead_letters(requeue: str | None, server: str | None) -> None:
    """List the stages that ran out of attempts, or start them again."""
    from backend.cli import submit

    with submit.connected(settings.load(), server) as (client, _):
        letters = client.dead_letters()
        for letter in letters:
            label = f"{letter['stage']} {letter['language']}".strip()
            click.echo(
                f"{letter['id']}  {label}  job {letter['jobId']}: {letter['error']['message']}"
            )
        wanted = [letter for letter in letters if requeue in ("all", letter["id"])]
        # A run's dead stages start again together.
        for (job, run), letter in {(one["jobId"], one["run"]): one for one in wanted}.items():
            try:
                again = client.requeue(letter["id"])
                click.echo(f"Run {run} of job {job} starts again as run {again['run']}")
            except click.ClickException as error:
                click.echo(f"Run {run} of job {job} does not: {error.message}", err=True)
        if not letters:
            click.echo("No dead letters")


@cli.command()
def up() -> None:
    """Run API, worker and reconciler together on this machine, until Ctrl-C."""
    from backend.cli.supervisor import Stack

    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    with Stack(settings.load()) as stack:
        click.echo(f"Dubline is up: {stack.url}/v1 (no accounts yet: keep it on this machine)")
        while not stop.wait(1.0):
            if stack.failed.is_set():
                sys.exit(1)
        click.echo("Stopping: running stages are handed back and go on at the next start ...")


@cli.command()
@click.option("--delete", is_flag=True, help="Remove them; otherwise they are only listed.")
def collect(delete: bool) -> None:
    """List the files in storage that nothing refers to, or remove them."""
    from rich.filesize import decimal

    from backend.database import schema
    from backend.errors import DublineError
    from backend.retention import garbage
    from backend.wiring import Parts

    parts = Parts(settings.load())
    if not schema.is_current(parts.db):
        raise click.ClickException("The schema is not up to date: run `dubline migrate` first")
    keep = garbage.ages(parts.settings.stage_limit_s, parts.settings.keep_days)
    count = size = 0
    try:
        for found in garbage.collect(parts.db, parts.store, parts.scratch, keep, delete=delete):
            click.echo(found.key)
            count, size = count + 1, size + found.size
    except DublineError as error:
        raise click.ClickException(str(error)) from None
    what = "removed" if delete else "to be removed with --delete"
    click.echo(f"Objects {what}: {count}, {decimal(size)}", err=True)


@cli.command()
def doctor() -> None:
    """Tell what is installed, which languages work, and what to install for more."""
    os.execv(sys.executable, [sys.executable, "-m", "workers.doctor"])  # noqa: S606


@cli.command()
@click.argument("language")
def voices(language: str) -> None:
    """List the voices for LANGUAGE, for example es, the best ones first."""
    os.execv(sys.executable, [sys.executable, "-m", "workers.voices", language])  # noqa: S606


for role in (api, worker, reconciler, migrate):
    cli.add_command(role)


def main() -> None:
    """Run the command; a wrong setting is one line, not a traceback."""
    try:
        cli()
    except (settings.SettingsError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
