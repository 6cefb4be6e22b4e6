"""Files that users have sent, in lists; and their end."""

from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select, update

from backend.database.engine import Database, from_now
from backend.database.models.jobs import Job
from backend.database.models.uploads import Upload
from backend.errors import Conflict
from backend.storage.base import BlobStore
from backend.uploads.access import read_upload


def read_file_page(
    db: Database, user_id: UUID, *, role: str | None, limit: int, before: UUID | None
) -> dict[str, Any]:
    """Files that were taken in, newest first; `next` is what `before` is for the next page."""
    query = (
        select(Upload.__table__)
        .where(Upload.user_id == user_id, Upload.completed_at.is_not(None))
        .where(Upload.deleted_at.is_(None))
        .order_by(Upload.id.desc())
        .limit(limit + 1)
    )
    if role is not None:
        query = query.where(Upload.role == role)
    if before is not None:
        query = query.where(Upload.id < before)
    with db.read() as connection:
        rows = connection.execute(query).all()
    shown = rows[:limit]
    return {"files": shown, "next": shown[-1].id if len(rows) > limit else None}


def delete_file(db: Database, store: BlobStore, user_id: UUID, upload_id: UUID) -> None:
    """Delete a file, also one that is still to come or comes in parts.

    That there was one stays told to the jobs that were made of it.

    Raises `NotFound`, and `Conflict` while a job needs it.
    """
    upload = read_upload(db, user_id, upload_id)
    using = exists().where(
        or_(Job.media_id == upload_id, Job.background_id == upload_id),
        Job.data_deleted_at.is_(None),
    )
    gone = {"filename": "", "probe": None, "deleted_at": from_now(0)}
    with db.write() as connection:
        deleted = connection.execute(
            update(Upload)
            .where(Upload.id == upload_id, ~using)
            .values(object_key=f"deleted/{upload_id}", **gone)
        )
    if not deleted.rowcount:
        raise Conflict(
            "file-in-use",
            "A job is made of this file: delete the data of its jobs first "
            "(DELETE /v1/jobs/{job_id}/data)",
        )
    if upload.multipart_id is not None:
        store.abort_multipart(upload.object_key, upload.multipart_id)
    store.delete(upload.object_key)
