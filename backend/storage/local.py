"""Files in a folder, for one machine. The API serves its signed URLs (see api/blobs.py)."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import quote
from uuid import uuid4

from backend.errors import Damaged, Invalid, NotFound
from backend.storage.base import MULTIPART, PARTS, SignedUrl, StoredObject, StoredPart
from backend.storage.hashing import compute_file_sha256
from backend.storage.signing import Signer

CHUNK = 1 << 20
MD5_BYTES = 16
ENDED = "This upload has ended: begin another one"


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

    def copy(self, key: str, target: str) -> None:
        """Give its bytes a further name, or copy them where the file system has no links."""
        source, path = self.resolve_path(key), self.resolve_path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, path)
        except FileNotFoundError:
            raise NotFound(f"Storage has no object {key}") from None
        except OSError:
            with source.open("rb") as file, self.open_writer(target) as copied:
                shutil.copyfileobj(file, copied, CHUNK)
        for folder in (path.parent, path.parent.parent):
            _sync_names(folder)

    def open_writer(self, key: str, *, once: bool = False) -> "AtomicFile":
        """A file to write the object to; it gets its name when closed without an error.

        With `once` it raises `FileExistsError` when another one has got that name meanwhile.
        """
        return AtomicFile(self.resolve_path(key), self.root / PARTS, once=once)

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

    def sign_upload_url(self, key: str, expires: timedelta, size: int | None = None) -> SignedUrl:
        """A PUT route of the API, which takes one file, and of that size only."""
        return SignedUrl(self._sign_url({"put": key, "size": size}, key, expires), "PUT", {})

    def begin_multipart(self, key: str) -> str:
        """Make a folder for the parts."""
        multipart_id = uuid4().hex
        (self.root / MULTIPART / multipart_id).mkdir(parents=True)
        return multipart_id

    def sign_part_url(
        self, key: str, multipart_id: str, number: int, size: int, expires: timedelta
    ) -> SignedUrl:
        """A PUT route of the API, which takes that many bytes and no others."""
        claims = {"part": [multipart_id, number], "size": size}
        return SignedUrl(self._sign_url(claims, f"{key}/{number}", expires), "PUT", {})

    def store_part(
        self, multipart_id: str, number: int, blocks: Iterable[bytes], md5: bytes | None
    ) -> str:
        """Write a part; it takes the place of an earlier one when all of it has come.

        Returns its MD5 in hexadecimal. Raises `Invalid` when that is another one than `md5`.
        """
        path = self._find_parts(multipart_id) / str(number)
        digest = hashlib.md5(usedforsecurity=False)
        with _explain_end(), AtomicFile(path, self.root / PARTS) as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
            if md5 not in (None, digest.digest()):
                raise Invalid("Content-MD5", "what came has another MD5: send the part again")
            # Part and MD5 are one file, so that they always belong together.
            file.write(digest.digest())
        return digest.hexdigest()

    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart]:
        """Look into the folder; raises `NotFound` when the upload has ended."""
        with _explain_end():
            paths = self._find_parts(multipart_id).iterdir()
            return [_read_part(path) for path in sorted(paths, key=lambda path: int(path.name))]

    def finish_multipart(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> None:
        """Write the parts one after the other into the object."""
        folder = self._find_parts(multipart_id)
        with _explain_end(), self.open_writer(key) as target:
            for part in parts:
                with (folder / str(part.number)).open("rb") as source:
                    _copy_bytes(source, target, part.size)
        self.abort_multipart(key, multipart_id)

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Remove the folder."""
        with suppress(NotFound):
            shutil.rmtree(self._find_parts(multipart_id), ignore_errors=True)

    def _find_parts(self, multipart_id: str) -> Path:
        folder = self.resolve_path(f"{MULTIPART}/{multipart_id}")
        if not folder.is_dir():
            raise NotFound(ENDED)
        return folder

    def sign_download_url(self, key: str, filename: str, mime: str, expires: timedelta) -> str:
        """A GET route of the API."""
        return self._sign_url({"get": key, "name": filename, "mime": mime}, key, expires)

    def _sign_url(self, claims: dict[str, Any], key: str, expires: timedelta) -> str:
        # It ends as the key does because some players go by a file's suffix.
        token = self.links.sign_claims(claims, expires)
        return f"{self.url}/v1/blobs/{token}/{quote(PurePosixPath(key).name)}"


@contextmanager
def _explain_end() -> Iterator[None]:
    """Somebody else may end an upload at any moment."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound(ENDED) from None


def _read_part(path: Path) -> StoredPart:
    with path.open("rb") as file:
        size = file.seek(-MD5_BYTES, os.SEEK_END)
        return StoredPart(int(path.name), size, file.read().hex())


def _copy_bytes(source: BinaryIO, target: BinaryIO, size: int) -> None:
    """Copy so many; raises `Damaged` where there are less."""
    while size:
        block = source.read(min(size, CHUNK))
        if not block:
            raise Damaged("Storage lost a piece of a part: send the file again")
        target.write(block)
        size -= len(block)


def _find_stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _convert_modified_time(stat: os.stat_result) -> datetime:
    return datetime.fromtimestamp(stat.st_mtime, UTC)


class AtomicFile:
    """A binary file that appears under its name complete and on disk, or not at all."""

    def __init__(self, path: Path, parts: Path, *, once: bool = False) -> None:
        """`once`: another file of that name is no longer replaced; raises `FileExistsError`."""
        self._path = path
        self._once = once
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
            if self._once:
                _claim_name(self._path)
            self._part.replace(self._path)
            for path in self._named:
                _sync_names(path.parent)


def _claim_name(path: Path) -> None:
    """Take the name for the file that is about to get it; raises `FileExistsError`."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL))


def _sync_names(folder: Path) -> None:
    """Write to disk which names a folder has: a file's own `fsync` does not tell of its name."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
