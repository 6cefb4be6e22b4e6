"""Files in a folder, for one machine. The API serves its signed URLs (see api/blobs.py)."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from backend.errors import NotFound
from backend.storage.base import PARTS, SignedUrl, StoredObject
from backend.storage.hashing import compute_file_sha256
from backend.storage.signing import Signer

CHUNK = 1 << 20


class LocalStore:
    """Objects are files below `root`, written in a folder of their own, then renamed."""

    def __init__(self, root: Path, url: str, secret_key: str) -> None:
        self.root = root
        self.url = url
        self.links = Signer(secret_key, "blob")

    def resolve_path(self, key: str) -> Path:
        """The file of an object; raises `NotFound` for a key that would lead out of the store."""
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise NotFound(f"There is no object {key}")
        return path

    def put(self, key: str, path: Path, *, mime: str, sha256: str) -> None:
        """Copy a file in; `mime` and `sha256` are the database's to keep."""
        with path.open("rb") as source, self.open_writer(key) as target:
            shutil.copyfileobj(source, target, CHUNK)

    def keep(self, key: str, path: Path, *, mime: str, sha256: str) -> None:
        """Give the object, of which `path` is a link, a further name; a copy is put there."""
        target = self.resolve_path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except FileExistsError:
            return  # by its hash it is the same
        except OSError:
            self.put(key, path, mime=mime, sha256=sha256)
        for folder in (target.parent, target.parent.parent):
            _sync_names(folder)

    def open_writer(self, key: str) -> "AtomicFile":
        """A file to write the object to; it gets its name when closed without an error."""
        return AtomicFile(self.resolve_path(key), self.root / PARTS)

    def fetch(self, key: str, path: Path) -> None:
        """Link the object where the file systems allow, otherwise copy it."""
        source = self.resolve_path(key)
        try:
            os.link(source, path)
        except FileNotFoundError:
            raise NotFound(f"Storage has no object {key}") from None
        except OSError:
            shutil.copyfile(source, path)

    def find_size(self, key: str) -> int | None:
        """Its size in bytes, or None."""
        stat = _find_stat(self.resolve_path(key))
        return stat and stat.st_size

    def has_object(self, key: str, *, size: int, sha256: str) -> bool:
        """Compare size and content."""
        if self.find_size(key) != size:
            return False
        return compute_file_sha256(self.resolve_path(key)) == sha256

    def delete(self, key: str) -> None:
        """Remove the file."""
        self.resolve_path(key).unlink(missing_ok=True)

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Walk the folder; what disappears meanwhile does not count."""
        base, root = self.resolve_path(prefix), self.root.resolve()
        for folder, _, names in os.walk(base if prefix.endswith("/") else base.parent):
            for path in (Path(folder, name) for name in names):
                key = path.relative_to(root).as_posix()
                stat = _find_stat(path) if key.startswith(prefix) else None
                if stat:
                    yield StoredObject(key, stat.st_size, _convert_modified_time(stat))

    def find_modified_time(self, key: str) -> datetime | None:
        """The file's own time."""
        stat = _find_stat(self.resolve_path(key))
        return stat and _convert_modified_time(stat)

    def refresh(self, key: str) -> None:
        """Set the file's time."""
        try:
            os.utime(self.resolve_path(key))
        except FileNotFoundError:
            raise NotFound(f"Storage has no object {key}") from None

    def sign_upload_url(self, key: str, expires: timedelta) -> SignedUrl:
        """A PUT route of the API."""
        return SignedUrl(self._sign_url({"put": key}, key, expires), "PUT", {})

    def sign_download_url(self, key: str, filename: str, mime: str, expires: timedelta) -> str:
        """A GET route of the API."""
        return self._sign_url({"get": key, "name": filename, "mime": mime}, key, expires)

    def _sign_url(self, claims: dict[str, Any], key: str, expires: timedelta) -> str:
        # It ends as the key does because some players go by a file's suffix.
        token = self.links.sign_claims(claims, expires)
        return f"{self.url}/v1/blobs/{token}/{quote(PurePosixPath(key).name)}"


def _find_stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _convert_modified_time(stat: os.stat_result) -> datetime:
    return datetime.fromtimestamp(stat.st_mtime, UTC)


class AtomicFile:
    """A binary file that appears under its name complete and on disk, or not at all."""

    def __init__(self, path: Path, parts: Path) -> None:
        self._path = path
        self._part = parts / uuid4().hex

    def __enter__(self) -> Any:
        # A folder that is made here is a new name in the one above it.
        self._named = [self._path, *(one for one in self._path.parents if not one.exists())]
        for folder in (self._path.parent, self._part.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._file = self._part.open("wb")
        return self._file

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        try:
            self._close(keep=error is None)
        except OSError as failure:
            failure.filename = str(self._path)  # a write that fails does not tell where
            raise
        finally:
            self._part.unlink(missing_ok=True)

    def _close(self, *, keep: bool) -> None:
        with self._file:
            if keep:
                self._file.flush()
                os.fsync(self._file.fileno())
        if keep:
            self._part.replace(self._path)
            for path in self._named:
                _sync_names(path.parent)


def _sync_names(folder: Path) -> None:
    """Write to disk which names a folder has: a file's own `fsync` does not tell of its name."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
