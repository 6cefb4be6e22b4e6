"""What all who read artifacts' rows have in common."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func

from backend.database.models.runs import Artifact, StageRun
from backend.pipeline.files import StoredFile

FILE_COLUMNS = (
    *(Artifact.kind, Artifact.object_key, Artifact.sha256, Artifact.size),
    *(Artifact.mime, Artifact.filename, Artifact.meta),
)


def build_file(row: Any) -> StoredFile:
    """The file of a row that has the columns `FILE_COLUMNS`."""
    return StoredFile(
        row.object_key, row.sha256, row.size, row.mime, row.filename, meta=row.meta or {}
    )


def select_maker_id() -> ColumnElement[UUID]:
    """The marker whose artifacts a marker stands for: its own, or those it reuses."""
    return func.coalesce(StageRun.reused_from, StageRun.id)
