"""`dubline dub` and `dubline transcribe`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from backend import settings
from backend.cli.commands.options import FILE, FOLDER, json_option, server_option
from backend.documents import languages
from backend.documents.glossary_files import read_glossary
from backend.errors import Invalid


def _parse_language(tag: str) -> str:
    try:
        return languages.normalize(tag)
    except Invalid as problem:
        raise click.BadParameter(str(problem)) from None


def _parse_source(_context: click.Context, _option: click.Parameter, given: str) -> str:
    return given if given == languages.DETECT else _parse_language(given)


def _parse_targets(_context: click.Context, _option: click.Parameter, given: str) -> list[str]:
    tags = [_parse_language(tag) for tag in given.split(",") if tag.strip()]
    if not tags:
        raise click.BadParameter("name at least one language, for example es")
    return tags


def _add_job_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--from",
            "source",
            default="auto",
            callback=_parse_source,
            show_default=True,
            help="Language spoken; auto: as it is heard.",
        ),
        click.option(
            "--track",
            type=click.IntRange(min=1),
            help="Sound track to hear, from 1 [default: the one in the language of --from].",
        ),
        click.option(
            "--mode",
            type=click.Choice(["mono", "dialogue"]),
            default="mono",
            show_default=True,
            help="One speaker, or several to tell apart.",
        ),
        click.option("--out", type=FOLDER, help="Folder for the results [default: beside INPUT]."),
        json_option,
        server_option,
    ):
        command = option(command)
    return command


def _parse_pairs(given: Sequence[str], example: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for one, (name, _, value) in zip(given, pairs, strict=True):
        if not (name and value):
            raise click.BadParameter(f"'{one}': write it as in {example}")
    return {name: value for name, _, value in pairs}


def _parse_translations(
    context: click.Context, option: click.Parameter, given: Sequence[str]
) -> dict[str, Path]:
    pairs = _parse_pairs(given, "es=talk.es.srt")
    return {language: FILE.convert(path, option, context) for language, path in pairs.items()}


def _parse_voices(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> dict[str, str]:
    return _parse_pairs(given, "B=f2")


def _read_glossary(
    _context: click.Context, _option: click.Parameter, path: Path | None
) -> list[dict[str, Any]]:
    try:
        return read_glossary(path.read_bytes(), path.name) if path else []
    except Invalid as problem:
        raise click.BadParameter(str(problem)) from None


@click.command()
@click.argument("media", metavar="INPUT", type=FILE)
@click.option(
    "--to",
    "targets",
    required=True,
    callback=_parse_targets,
    help="Target languages, for example es,pt.",
)
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
@click.option("--hls", is_flag=True, help="Also streams for HLS players, served by `dubline up`.")
@click.option("--segment-audio", is_flag=True, help="Also each line's speech as a file, zipped.")
@click.option(
    "--transcribe-dub", is_flag=True, help="Let it be transcribed, to count the word errors."
)
@click.option("--bilingual", is_flag=True, help="Also captions in both languages.")
@click.option("--burn-in", is_flag=True, help="Also a video with captions in its picture.")
@click.option("--transcript", type=FILE, help="What is said, as SRT, WebVTT, ASS, SBV or JSON.")
@click.option(
    "--translation",
    "translations",
    metavar="LANGUAGE=FILE",
    multiple=True,
    callback=_parse_translations,
    help="A translation of it, for example es=talk.es.srt; one for each language.",
)
@click.option(
    "--voice",
    "voices",
    multiple=True,
    metavar="SPEAKER=VOICE",
    callback=_parse_voices,
    help="A speaker's voice, for example B=f2; see `dubline voices es`. May be repeated.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(0),
    metavar="USD",
    help="Stop before a stage that would cost more.",
)
@click.option(
    "--glossary",
    type=FILE,
    callback=_read_glossary,
    help="Terms, names to keep, pronunciations, as CSV or JSON (docs/glossaries.md).",
)
@_add_job_options
def dub(
    media: Path,
    *,
    targets: list[str],
    policy: str,
    bilingual: bool,
    burn_in: bool,
    voices: dict[str, str],
    glossary: list[dict[str, Any]],
    max_cost: float | None,
    **options: Any,
) -> None:
    """Dub INPUT, any audio or video file, into other languages."""
    mixed = ("bed", "loudness", "flac", "stems", "hls")
    request = {
        "kind": "dub",
        "targetLanguages": targets,
        **{name: options.pop(name) for name in mixed},
        "segmentAudio": options.pop("segment_audio"),
        "transcribeDub": options.pop("transcribe_dub"),
        "captions": {"bilingual": bilingual, "burnIn": burn_in},
        "timing": {"policy": policy},
        "voices": voices,
        "glossary": glossary,
        "maxCost": max_cost,
    }
    _run_job(media, request, **options)


@click.command()
@click.argument("media", metavar="INPUT", type=FILE)
@_add_job_options
def transcribe(media: Path, **options: Any) -> None:
    """Transcribe INPUT to TXT, SRT, VTT, DOCX and JSON."""
    _run_job(media, {"kind": "transcribe"}, **options)


def _run_job(
    media: Path,
    request: dict[str, Any],
    *,
    source: str,
    track: int | None,
    mode: str,
    out: Path | None,
    as_json: bool,
    server: str | None,
    **others: Any,
) -> None:
    from backend.cli import results, submit
    from backend.cli.client import connect

    loaded = settings.load()
    out = out or results.choose_folder(media, request["kind"])
    heard = {"sourceTrack": track} if track else {}
    request = {**request, "sourceLanguage": source, **heard, "mode": mode}
    results.open_results(out)  # hours before there is anything to put into it
    with connect(loaded, server) as client:
        files = submit.JobFiles(media, **others)
        submit.run_job(client, loaded, files=files, request=request, out=out, as_json=as_json)
