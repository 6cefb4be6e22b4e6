"""Where files are kept: one protocol, one module for each kind of store."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class SignedUrl:
    """A URL that works for a short time; `headers` must be sent along."""

    url: str
    method: str
    headers: Mapping[str, str]


class BlobStore(Protocol):
    """Objects by key. Keys are relative paths with `/`; objects are never changed in place.

    Raises `Transient` when the store cannot be reached and `NotFound` when a key is not there.
    """

    def put(self, key: str, path: Path, *, mime: str, sha256: str) -> None:
        """Store a file; whoever reads the key sees all of it or nothing."""

    def fetch(self, key: str, path: Path) -> None:
        """Write the object to a local file."""

    def size(self, key: str) -> int | None:
        """The object's size in bytes, or None when there is no such object."""

    def holds(self, key: str, *, size: int, sha256: str) -> bool:
        """Whether the object is there and is what it was when it was stored."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`."""

    def upload_url(self, key: str, expires: timedelta) -> SignedUrl:
        """A URL to which a client may send this object, once."""

    def download_url(self, key: str, filename: str, mime: str, expires: timedelta) -> str:
        """A URL from which a client may get this object under a file name of its own."""
