"""Files that users send: announced, put into storage, then taken in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, insert, update
from uuid6 import uuid7

from backend.database.engine import Database, from_now
from backend.database.models.uploads import Upload
from backend.errors import Conflict, LimitExceeded
from backend.storage.base import BlobStore, SignedUrl
from backend.uploads.access import check_same_upload, read_upload

INCOMING = "incoming"


@dataclass(frozen=True)
class UploadContent:
    """What a file turned out to be; `probe` says more for media."""

    mime: str
    duration: float | None
    probe: dict[str, Any] | None


@dataclass(frozen=True)
class TakenFile:
    """A file that is taken in: its object, which no upload URL leads to, and what it is."""

    key: str
    size: int
    sha256: str
    content: UploadContent


class SizeLimit(NamedTuple):
    """How many bytes a file may have, and what says so."""

    name: str
    bytes: int


def announce_upload(
    db: Database,
    store: BlobStore,
    user_id: UUID,
    *,
    role: str,
    filename: str,
    ttl_s: int,
    size: int | None = None,
    sha256: str | None = None,
) -> tuple[UUID, SignedUrl]:
    """Make room for a file; returns its id and the URL to send it to."""
    upload_id = uuid7()
    key = f"{INCOMING}/{upload_id}"
    told = {"role": role, "filename": filename, "expected_size": size, "expected_sha256": sha256}
    insert_upload(db, user_id, {"id": upload_id, "object_key": key, **told})
    return upload_id, store.sign_upload_url(key, timedelta(seconds=ttl_s), size)


def insert_upload(db: Database, user_id: UUID, row: Mapping[str, Any]) -> None:
    """Write the row of a file that is yet to come."""
    with db.write() as connection:
        connection.execute(insert(Upload).values(user_id=user_id, **row))


def check_size(size: int | None, limit: SizeLimit) -> None:
    """Raise `LimitExceeded` for more bytes than are accepted."""
    if size is not None and size > limit.bytes:
        told = f"the file has {size} bytes; the limit is {limit.bytes}"
        raise LimitExceeded(told, limit.name, limit.bytes, size)


def check_arrival(store: BlobStore, upload: Row[Any]) -> int:
    """The size of what was sent, in bytes; raises `Conflict` when nothing was."""
    size = store.find_size(upload.object_key)
    if size is None:
        raise Conflict(
            "upload-missing", "Nothing was sent to the upload URL yet: PUT the file first"
        )
    return size


def freeze_upload(store: BlobStore, upload: Row[Any]) -> str:
    """Give what was sent a key that no upload URL leads to, so that it never changes again."""
    key = build_frozen_key(upload.id)
    store.copy(upload.object_key, key)
    return key


def build_frozen_key(upload_id: UUID) -> str:
    """A new key, of which nobody outside knows."""
    return f"uploads/{upload_id}/{uuid7()}"


def accept_upload(db: Database, upload: Row[Any], file: TakenFile) -> None:
    """Take a checked file in, which from then on is what the upload is.

    Raises `Invalid` when another one was meanwhile, `NotFound` when the upload was deleted.
    """
    with db.write() as connection:
        taken = connection.execute(
            update(Upload)
            .where(Upload.id == upload.id, Upload.completed_at.is_(None))
            .where(Upload.deleted_at.is_(None))
            .values(
                object_key=file.key,
                sha256=file.sha256,
                size=file.size,
                mime=file.content.mime,
                duration=file.content.duration,
                probe=file.content.probe,
                multipart_id=None,
                completed_at=from_now(0),
            )
        )
    if not taken.rowcount:
        check_same_upload(read_upload(db, upload.user_id, upload.id), file.sha256, file.size)
