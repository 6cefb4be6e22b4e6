"""`dubline models`: what engines can work with, and what of it is on this machine."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from backend.errors import DublineError
from backend.pipeline.providers import ProviderKind
from backend.process.disk_errors import explain_path_error
from backend.settings import SettingsError, load
from workers.models.catalogue import Model, find_model, load_catalogue
from workers.models.install import install_model, remove_model
from workers.models.mozilla import PAIR, install_pair
from workers.offer_process import start_process

# Whisper for all languages, one pair of languages, and voices for six: what a first dub needs.
SMALL_SET = ("whisper-base", "firefox-en-pt", "kokoro")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_context
def models(context: click.Context, *, as_json: bool) -> None:
    """List the models of the neural engines, install and remove them."""
    if context.invoked_subcommand is not None:
        return
    if as_json:
        folder, known = _find_folder(), load_catalogue().values()
        click.echo(json.dumps([_describe(model, folder) for model in known], indent=2))
    else:
        Console().print(_build_table(_find_folder()))


@models.command()
@click.argument("names", nargs=-1)
@click.option(
    "--from",
    "brought",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the files, for a machine without a network.",
)
def install(names: tuple[str, ...], brought: Path | None) -> None:
    """Install models by NAME; without any name the small set that a first dub needs.

    Any pair of languages that Firefox translates can be had too, as firefox-en-es.
    """
    folder, problems = _find_folder(), []
    pairs = [name for name in names if name not in load_catalogue() and PAIR.fullmatch(name)]
    wanted = [_find(name) for name in names or SMALL_SET if name not in pairs]
    for name in pairs:
        click.echo(f"Fetching {name} from Mozilla, which tells its SHA-256 ...")
        try:
            click.echo(f"Installed: {', '.join(install_pair(name, folder))}")
        except (DublineError, OSError) as error:
            problems.append(_explain(error, folder))
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    ) as bars:
        for model in wanted:
            advance = partial(bars.advance, bars.add_task(model.name, total=model.size))
            try:
                install_model(model, folder, advance, brought)
            except (DublineError, OSError) as error:
                problems.append(f"{model.name}: {_explain(error, folder)}")
    start_process()
    if problems:
        raise click.ClickException("\n".join(problems))


@models.command()
@click.argument("names", nargs=-1, required=True)
def remove(names: tuple[str, ...]) -> None:
    """Remove models by NAME."""
    folder = _find_folder()
    for name in names:
        if not find_model(folder, name):
            _find(name)
        remove_model(name, folder)
    start_process()


def _explain(error: DublineError | OSError, folder: Path) -> str:
    """A disk that is full or may not be written to by its folder, with what to do."""
    told = explain_path_error(error, folder) if isinstance(error, OSError) else None
    return told or str(error)


def _find(name: str) -> Model:
    found = load_catalogue().get(name)
    if found is None:
        known = ", ".join(load_catalogue())
        raise click.ClickException(f"there is no model '{name}'; there is: {known}")
    return found


def _find_folder() -> Path:
    try:
        return load().models_folder
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _describe(model: Model, folder: Path) -> dict[str, Any]:
    return {
        "model": model.name,
        "installed": find_model(folder, model.name) is not None,
        "kind": model.kind,
        "languages": list(model.languages),
        "size": model.size,
        "licence": model.licence,
    }


def _build_table(folder: Path) -> Table:
    table = Table("model", "", "languages", "size", box=box.SIMPLE)
    table.add_column("what it is", ratio=1)
    for model in load_catalogue().values():
        there = "installed" if find_model(folder, model.name) else ""
        what = f"{model.about} ({model.licence})"
        table.add_row(model.name, there, _format_languages(model), decimal(model.size), what)
    for path in sorted(folder.glob("*-*")):
        if path.name not in load_catalogue():
            table.add_row(path.name, "installed", "", "", "not from the catalogue")
    return table


def _format_languages(model: Model) -> str:
    if model.kind is ProviderKind.TRANSLATION:
        return " to ".join(model.languages)
    return " ".join("all" if tag == "*" else tag for tag in model.languages)


if __name__ == "__main__":
    models(prog_name="dubline models")
