"""Models for a pair of languages, by the names of their folders, such as `firefox-en-pt`."""

from pathlib import Path

from backend.documents import languages
from backend.errors import Permanent
from workers.models.catalogue import find_model

BRIDGE = "en"


def find_route(folder: Path, engine: str, source: str, target: str, remedy: str) -> list[Path]:
    """The folder of the pair's model, or of those of both ways by English.

    Raises `Permanent` where there is none, with the `remedy` for its `{name}` or `{folder}`.
    """
    own, wanted = languages.get_base_language(source), languages.get_base_language(target)
    for steps in ([(own, wanted)], [(own, BRIDGE), (BRIDGE, wanted)]):
        folders = [find_model(folder, f"{engine}-{of}-{to}") for of, to in steps]
        if all(folders):
            return [found for found in folders if found]
    pair = f"{languages.get_name(source)} to {languages.get_name(target)}"
    name = f"{engine}-{own}-{wanted}"
    what = remedy.format(name=name, folder=folder / name)
    raise Permanent(f"{engine} has no model for {pair}: {what}")


def list_targets(folder: Path, engine: str, source: str) -> list[str]:
    """The languages that the models of `folder` lead to, by way of English or without."""
    pairs = {tuple(path.name.split("-")[-2:]) for path in folder.glob(f"{engine}-*-*")}
    ways = {source, BRIDGE} if (source, BRIDGE) in pairs else {source}
    return sorted({to for of, to in pairs if of in ways} - {source})
