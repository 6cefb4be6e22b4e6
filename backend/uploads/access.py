"""Who may use a file, and what it must be for that."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, select

from backend.database.engine import Database
from backend.database.models.uploads import Upload
from backend.errors import Invalid, NotFound

MEDIA = ("voice", "video")  # the roles that a recording may have


def read_upload(db: Database, user_id: UUID, upload_id: UUID) -> Row[Any]:
    """The upload's row; raises `NotFound`, also for somebody else's file."""
    with db.read() as connection:
        row = connection.execute(_select_upload(user_id, upload_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no file {upload_id}")
    return row


def require_upload(
    connection: Connection, user_id: UUID, upload_id: UUID, roles: Sequence[str], field: str
) -> Row[Any]:
    """The row of a complete upload of one of these roles; raises `Invalid` for the field."""
    upload = connection.execute(_select_upload(user_id, upload_id)).one_or_none()
    if upload is None:
        raise Invalid(field, f"there is no file {upload_id}")
    if upload.completed_at is None:
        raise Invalid(field, f"file {upload_id} is not complete: POST /v1/files/complete first")
    if upload.role not in roles:
        raise Invalid(field, f"file {upload_id} has role {upload.role}, not {' or '.join(roles)}")
    return upload


def _select_upload(user_id: UUID, upload_id: UUID) -> Select[Any]:
    there = Upload.deleted_at.is_(None)
    return select(Upload.__table__).where(Upload.id == upload_id, Upload.user_id == user_id, there)


def is_complete(db: Database, key: str) -> bool:
    """Whether the file that was to be sent to this key has been taken in."""
    with db.read() as connection:
        done = select(Upload.completed_at).where(Upload.id == UUID(key.rpartition("/")[2]))
        return connection.execute(done).scalar_one_or_none() is not None


def is_named(db: Database, key: str) -> bool:
    """Whether this object is what a file was taken in as."""
    with db.read() as connection:
        done = select(Upload.id).where(Upload.object_key == key, Upload.completed_at.is_not(None))
        return connection.execute(done).first() is not None


class UploadStatus(StrEnum):
    """Where a file stands that was announced and not taken in."""

    WAITING = "waiting"
    VERIFYING = "verifying"
    REFUSED = "refused"


def tell_status(upload: Row[Any], now: datetime) -> UploadStatus:
    """By what its row says."""
    if upload.verifying_until is not None and upload.verifying_until > now:
        return UploadStatus.VERIFYING
    return UploadStatus.WAITING if upload.refusal is None else UploadStatus.REFUSED


def check_same_upload(upload: Row[Any], sha256: str | None, size: int | None) -> None:
    """Raise `Invalid` when this is not the file that was taken in."""
    if size not in (None, upload.size) or sha256 not in (None, upload.sha256):
        raise Invalid("fileId", f"this file is complete already, and is another: {upload.sha256}")
