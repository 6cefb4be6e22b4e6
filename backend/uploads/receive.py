"""Files that users send: announced, put into storage, then checked and taken in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, update
from uuid6 import uuid7

from backend.database.engine import Database, from_now
from backend.database.models.uploads import Upload
from backend.errors import Conflict, Invalid, Permanent
from backend.storage.base import BlobStore, SignedUrl
from backend.storage.hashing import compute_file_sha256
from backend.uploads.access import check_same_upload, read_upload

INCOMING = "incoming"


@dataclass(frozen=True)
class UploadContent:
    """What a file turned out to be; `probe` says more for media."""

    mime: str
    duration: float | None
    probe: dict[str, Any] | None


def announce_upload(
    db: Database, store: BlobStore, user_id: UUID, *, role: str, filename: str, ttl_s: int
) -> tuple[UUID, SignedUrl]:
    """Make room for a file; returns its id and the URL to send it to."""
    upload_id = uuid7()
    key = f"{INCOMING}/{upload_id}"
    with db.write() as connection:
        connection.execute(
            insert(Upload).values(
                id=upload_id, user_id=user_id, role=role, filename=filename, object_key=key
            )
        )
    return upload_id, store.sign_upload_url(key, timedelta(seconds=ttl_s))


@contextmanager
def fetch_incoming(
    store: BlobStore, upload: Row[Any], max_bytes: int, scratch: Path
) -> Iterator[Path]:
    """A local copy of what was sent.

    Raises `Conflict` when nothing came, `Invalid` when too much did.
    """
    size = store.find_size(upload.object_key)
    if size is None:
        raise Conflict(
            "upload-missing", "Nothing was sent to the upload URL yet: PUT the file first"
        )
    if size > max_bytes:
        raise Invalid("fileId", f"the file has {size} bytes; the limit is {max_bytes}")
    with TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "upload"
        store.fetch(upload.object_key, path)
        try:
            yield path
        except (Invalid, Permanent):
            # Refused: it takes no room, and another file may be sent to the same URL.
            store.delete(upload.object_key)
            raise


def accept_upload(
    db: Database,
    store: BlobStore,
    upload: Row[Any],
    path: Path,
    content: UploadContent,
    *,
    expected_sha256: str | None,
    expected_size: int | None,
) -> None:
    """Take a checked file in; raises `Invalid` when it is not what the client meant to send.

    The object gets a key by content that no upload URL leads to, so it can never change again.
    """
    size = path.stat().st_size
    sha256 = compute_file_sha256(path)
    if expected_size not in (None, size):
        raise Invalid("size", f"{size} bytes arrived, {expected_size} were meant: send it again")
    if expected_sha256 is not None and expected_sha256.lower() != sha256:
        raise Invalid("sha256", f"what arrived has sha256 {sha256}: send it again")
    key = f"uploads/{upload.id}/{sha256}"
    store.keep(key, path, mime=content.mime, sha256=sha256)
    with db.write() as connection:
        taken = connection.execute(
            update(Upload)
            .where(Upload.id == upload.id, Upload.completed_at.is_(None))
            .values(
                object_key=key,
                sha256=sha256,
                size=size,
                mime=content.mime,
                duration=content.duration,
                probe=content.probe,
                completed_at=from_now(0),
            )
        )
    if not taken.rowcount:
        # Another request was first, and what an S3 client sent may have changed in between.
        check_same_upload(read_upload(db, upload.user_id, upload.id), sha256, size)
    store.delete(upload.object_key)
