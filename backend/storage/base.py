"""Where files are kept: one protocol, one module for each kind of store."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

# What is being written, where a store cannot hide it.
PARTS = "parts"
MULTIPART = "multipart"  # what comes in parts, where the store is ours


@dataclass(frozen=True)
class SignedUrl:
    """A URL that works for a short time; `headers` must be sent along."""

    url: str
    method: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing tells it; `size` in bytes, `modified` when it was last written."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class StoredPart:
    """A part of a multipart upload that has come; `etag` is its MD5, or what the service tells."""

    number: int
    size: int
    etag: str


class BlobStore(Protocol):
    """Objects by key. Keys are relative paths with `/`; objects are never changed in place.

    Raises `Transient` when the store cannot be reached and `NotFound` when a key is not there.
    """

    def put(self, key: str, path: Path, *, mime: str, sha256: str) -> None:
        """Store a file; whoever reads the key sees all of it or nothing."""

    def copy(self, key: str, target: str) -> None:
        """Give the object a further key without moving its bytes to here and back."""

    def fetch(self, key: str, path: Path) -> None:
        """Write the object to a local file."""

    def find_size(self, key: str) -> int | None:
        """The object's size in bytes, or None when there is no such object."""

    def has_object(self, key: str, *, size: int, sha256: str) -> bool:
        """Whether the object is there and is what it was when it was stored."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose key begins with `prefix`, in no order, however many there are."""

    def find_modified_time(self, key: str) -> datetime | None:
        """When the object was last written, or None when there is no such object."""

    def refresh(self, key: str) -> None:
        """Count an object that is there as written now."""

    def sign_upload_url(self, key: str, expires: timedelta, size: int | None = None) -> SignedUrl:
        """A URL to which a client may send this object, of that many bytes where they are told."""

    def begin_multipart(self, key: str) -> str:
        """Make room for an object that comes in parts; returns the id of that upload."""

    def sign_part_url(
        self, key: str, multipart_id: str, number: int, size: int, expires: timedelta
    ) -> SignedUrl:
        """A URL to which a client may send a part, counted from 1, of that many bytes."""

    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart]:
        """Those that have come, by number; of one that came again the last."""

    def finish_multipart(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> None:
        """Join the parts to the object; after that no URL of a part works any more."""

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Remove the parts; an upload that is not there is no error."""

    def sign_download_url(self, key: str, filename: str, mime: str, expires: timedelta) -> str:
        """A URL from which a client may get this object under a file name of its own."""


def format_disposition(filename: str) -> str:
    """A Content-Disposition that carries any file name (RFC 6266)."""
    plain = re.sub(r'[^ -~]|["\\]', "?", filename)  # for those who do not know the other one
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
