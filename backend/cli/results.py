"""A folder of results: it holds what one job made, and nothing that could be taken for that.

What Dubline put there is noted in `INDEX`, with its hashes. So files that another job left, or an
earlier run, are told from those of this one, and all of these from what its user put there or
changed, which is never removed or written over.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click
from pydantic import Field

from backend.documents.base import Document
from backend.process.disk_errors import require_writable
from backend.storage.hashing import compute_file_sha256

INDEX = ".dubline.json"
ASIDE = "set-aside"  # the folder within for what is no result of this job
OWN = "yours"


class ResultsIndex(Document):
    """What Dubline put into a folder: for which job, from which `input`, each file with its hash.

    The input is the recording's name; nothing where it is not known.
    """

    job: str = ""
    input: str = ""
    files: Mapping[str, str] = Field(default_factory=dict)


class ResultsChanges(NamedTuple):
    """What is to become of the files in a folder, by their names.

    `outdated` were made by an earlier run of the job, `foreign` by another job, `own` by the user;
    `missing` are to be fetched.
    """

    outdated: list[str]
    foreign: list[str]
    own: list[str]
    missing: list[str]


def plan_changes(
    index: ResultsIndex, job: str, wanted: Mapping[str, str], found: Mapping[str, str]
) -> ResultsChanges:
    """What to do for the job's files, `wanted` by name with their hashes, as are those `found`."""
    noted = [name for name in index.files if name in found and found[name] != wanted.get(name)]
    changed = [name for name in noted if found[name] != index.files[name]]
    other = job != index.job
    return ResultsChanges(
        outdated=[n for n in noted if not other and n not in changed and n not in wanted],
        foreign=[n for n in noted if other and n not in changed],
        own=[*changed, *(n for n in wanted if n not in index.files and _differs(n, wanted, found))],
        missing=[name for name in wanted if found.get(name) != wanted[name]],
    )


def _differs(name: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    return name in found and found[name] != wanted[name]


@dataclass
class ResultsFolder:
    """The folder `path` and what is noted of it."""

    path: Path
    index: ResultsIndex

    def make_room(self, job: str, media: str, wanted: Mapping[str, str]) -> ResultsChanges:
        """Take away what is not of this job and run; returns what was done and is to be fetched."""
        names = {*self.index.files, *wanted}
        paths = {name: resolve_below(self.path, name) for name in names}
        found = {name: compute_file_sha256(path) for name, path in paths.items() if path.is_file()}
        changes = plan_changes(self.index, job, wanted, found)
        for name in changes.outdated:
            paths[name].unlink()
        for below, moved in ((self.index.job, changes.foreign), (OWN, changes.own)):
            for name in moved:
                _move_file(paths[name], resolve_below(self.path / ASIDE, f"{below}/{name}"))
        for name in (*changes.outdated, *changes.foreign):
            _remove_empty_folders(paths[name].parent, self.path)
        kept = {n: one for n, one in wanted.items() if n not in changes.missing}
        same = job == self.index.job
        before = {n: one for n, one in self.index.files.items() if same and n in wanted}
        known = self.index.input if same else ""
        self._save(ResultsIndex(job=job, input=media or known, files=before | kept))
        return changes

    def note_file(self, name: str, sha256: str) -> None:
        """Note a file that was put there."""
        files = {**self.index.files, name: sha256}
        self._save(self.index.model_copy(update={"files": files}))

    def tell_changes(self, before: ResultsIndex, changes: ResultsChanges) -> Iterator[str]:
        """What its user ought to know of what was taken away."""
        if changes.outdated:
            yield f"Removed, as the run before made it: {_list_names(changes.outdated)}"
        if changes.foreign:
            of = f"of {before.input} " if before.input else ""
            where = f"{self.path / ASIDE / before.job}, as job {before.job} {of}made it"
            yield f"Set aside in {where}: {_list_names(changes.foreign)}"
        if changes.own:
            told = _list_names(changes.own)
            yield f"Set aside in {self.path / ASIDE / OWN}, as Dubline did not make it so: {told}"

    def _save(self, index: ResultsIndex) -> None:
        self.index = index
        write_whole(self.path / INDEX, [index.to_bytes()])


def open_results(path: Path) -> ResultsFolder:
    """The folder, made where it is missing; raises `OSError` when nothing can be written to it."""
    require_writable(path)
    return ResultsFolder(path, read_index(path))


def read_index(folder: Path) -> ResultsIndex:
    """What Dubline noted of a folder; nothing where that is not there or cannot be read."""
    try:
        return ResultsIndex.model_validate(json.loads((folder / INDEX).read_bytes()))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ResultsIndex()


def choose_folder(media: Path, kind: str) -> Path:
    """Beside the recording, and not that of another recording of the same stem."""
    folder = media.with_name(f"{media.stem}-{kind}")
    if read_index(folder).input in ("", media.name):
        return folder
    return media.with_name(f"{media.name}-{kind}")


def resolve_below(folder: Path, name: str) -> Path:
    """The file of that name; a server must not be able to write anywhere else."""
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise click.ClickException(f"The server names a file outside of {folder}: {name}")
    return target


def write_whole(target: Path, blocks: Iterable[bytes]) -> None:
    """Write a file that appears whole or not at all, whatever ends this; `OSError` names it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            for block in blocks:
                file.write(block)
        part.replace(target)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(target)  # a write that fails does not tell where
        raise


def _move_file(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    number, free = 1, target
    while free.exists():
        number += 1
        free = target.with_name(f"{target.stem}-{number}{target.suffix}")
    path.rename(free)


def _remove_empty_folders(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _list_names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
