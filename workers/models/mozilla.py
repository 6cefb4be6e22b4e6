"""Pairs of languages that the catalogue has no hashes of, by the engine's own way to Mozilla.

Mozilla's records tell the SHA-256 of each file, which fxtranslate checks.
"""

import re
import shutil
from pathlib import Path

from fxtranslate import discovery

from backend.errors import Transient
from workers.models.install import PARTS, hold_folder

PAIR = re.compile(r"firefox-([a-z]{2,3})-([a-z]{2,3})$")


def install_pair(name: str, folder: Path) -> list[str]:
    """Put the models of a pair into the folder, two where the way leads through English.

    Returns their names; raises `Transient` when Mozilla has none or cannot be reached.
    """
    source, target = PAIR.fullmatch(name).groups()  # type: ignore[union-attr]
    with hold_folder(folder):
        workdir = folder / PARTS / name
        try:
            discovery.add_models(source, target, cache_dir=str(workdir))
        except ValueError as error:
            # Which names the address again and again before it comes to the reason.
            reason = str(error).rpartition(": ")[2]
            raise Transient(
                f"{name}: nothing came from Mozilla ({reason}); take its folder from a machine "
                f"where this works, and put it into {folder}"
            ) from None
        return [_move_model(path, folder) for path in workdir.iterdir() if path.is_dir()]


def _move_model(path: Path, folder: Path) -> str:
    target = folder / f"firefox-{path.name}"
    shutil.rmtree(target, ignore_errors=True)
    path.rename(target)
    return target.name
