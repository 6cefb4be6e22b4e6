"""Files that come in parts: each may be sent again, by whoever goes on after a break.

All parts but the last are of one size, so that how many there will be, and how long each, is known
before the first. The limits are those of S3 ("Amazon S3 multipart upload limits").
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from uuid6 import uuid7

from backend.database.engine import Database, from_now
from backend.database.models.uploads import Upload
from backend.errors import Conflict, Invalid, NotFound
from backend.storage.base import BlobStore, SignedUrl, StoredObject, StoredPart
from backend.uploads.access import read_upload
from backend.uploads.receive import build_frozen_key, insert_upload

MIB = 1 << 20
SMALLEST_PART, LARGEST_PART = 5 * MIB, 5 << 30
USUAL_PART = 8 * MIB  # little to send again, by phones too
MOST_PARTS = 10_000
ABANDONED_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class PartPlan:
    """How a file of `size` bytes is cut; parts are counted from 1."""

    size: int
    part_size: int

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-self.size // self.part_size)

    def compute_size(self, number: int) -> int:
        """How many bytes a part has."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)

    def list_missing(self, parts: Collection[StoredPart]) -> list[int]:
        """The numbers of those that have not come, or not whole."""
        there = {one.number for one in parts if one.size == self.compute_size(one.number)}
        return [number for number in range(1, self.count + 1) if number not in there]


def plan_parts(size: int, part_size: int | None) -> PartPlan:
    """Cut the file as its user wants, or as is usual; raises `Invalid` for too many parts."""
    least = -(-size // MOST_PARTS)
    if part_size is None:
        whole_mib = -(-least // MIB) * MIB
        return PartPlan(size, max(USUAL_PART, whole_mib))
    if part_size < least:
        raise Invalid("partSize", f"these are more than {MOST_PARTS} parts: {least} bytes at least")
    return PartPlan(size, part_size)


def begin_multipart(
    db: Database,
    store: BlobStore,
    user_id: UUID,
    *,
    role: str,
    filename: str,
    size: int,
    part_size: int | None,
    sha256: str | None,
) -> Row[Any]:
    """Announce a file; returns its row. Raises `Invalid` for a part size of too many parts."""
    plan = plan_parts(size, part_size)
    upload_id = uuid7()
    key = build_frozen_key(upload_id)
    told = {"role": role, "filename": filename, "expected_size": size, "expected_sha256": sha256}
    parts = {"part_size": plan.part_size, "multipart_id": store.begin_multipart(key)}
    insert_upload(db, user_id, {"id": upload_id, "object_key": key, **told, **parts})
    return read_upload(db, user_id, upload_id)


def read_multipart(db: Database, user_id: UUID, upload_id: UUID) -> Row[Any]:
    """The row of a file that comes in parts.

    Raises `NotFound` where there is none, `Conflict` when it has come already.
    """
    upload = read_upload(db, user_id, upload_id)
    if upload.part_size is None:
        raise NotFound(f"File {upload_id} does not come in parts")
    if upload.completed_at is not None:
        raise Conflict("already-uploaded", f"File {upload_id} was taken in: ask for a new upload")
    return upload


def get_plan(upload: Row[Any]) -> PartPlan:
    """How this file is cut."""
    return PartPlan(upload.expected_size, upload.part_size)


def sign_part(store: BlobStore, upload: Row[Any], number: int, ttl_s: int) -> SignedUrl:
    """A URL to send a part to; raises `Invalid` for one that the file does not have."""
    plan = get_plan(upload)
    if number > plan.count:
        raise Invalid("numbers", f"the file has {plan.count} parts, and none is {number}")
    expires, size = timedelta(seconds=ttl_s), plan.compute_size(number)
    return store.sign_part_url(upload.object_key, upload.multipart_id, number, size, expires)


def list_parts(store: BlobStore, upload: Row[Any]) -> list[StoredPart]:
    """Those that have come; raises `NotFound` when the upload has ended."""
    return store.list_parts(upload.object_key, upload.multipart_id)


def check_parts(store: BlobStore, upload: Row[Any]) -> None:
    """Raise `Conflict` when parts are missing."""
    if store.find_size(upload.object_key) is not None:
        return  # they were joined by one who did not get further
    missing = get_plan(upload).list_missing(list_parts(store, upload))
    if missing:
        raise Conflict(
            "parts-missing",
            f"{len(missing)} parts have not come, or not whole: ask for their URLs and send them",
            missingParts=missing,
        )


def join_parts(store: BlobStore, upload: Row[Any]) -> str:
    """Make the parts an object, which from then on never changes; returns its key."""
    if store.find_size(upload.object_key) is None:
        found = list_parts(store, upload)
        store.finish_multipart(upload.object_key, upload.multipart_id, found)
    return str(upload.object_key)


def end_abandoned(db: Database, store: BlobStore, *, delete: bool) -> Iterator[StoredObject]:
    """Find the uploads that were begun long ago and never completed, and end them if asked to."""
    old = Upload.created_at < datetime.now(UTC) - ABANDONED_AFTER
    open_ = Upload.multipart_id.is_not(None) & Upload.deleted_at.is_(None)
    with db.read() as connection:
        found = connection.execute(select(Upload.__table__).where(old, open_)).all()
    for upload in found:
        if delete:
            _end(db, store, upload)
        yield StoredObject(upload.object_key, upload.expected_size, upload.created_at)


def _end(db: Database, store: BlobStore, upload: Row[Any]) -> None:
    store.abort_multipart(upload.object_key, upload.multipart_id)
    open_ = Upload.completed_at.is_(None)
    with db.write() as connection:
        connection.execute(
            update(Upload).where(Upload.id == upload.id, open_).values(deleted_at=from_now(0))
        )
