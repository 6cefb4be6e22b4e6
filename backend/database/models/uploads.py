"""Files that users send."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import Base, build_id_column, build_now_column


class Upload(Base):
    """A file that a user sends; what is not known until it has come is null until then."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("role IN ('voice', 'video', 'background', 'transcript')", name="role"),
        Index("ix_uploads_object_key", "object_key"),
        Index("ix_uploads_user_id_id", "user_id", "id"),
    )

    id: Mapped[UUID] = build_id_column()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str]
    filename: Mapped[str]
    object_key: Mapped[str]
    sha256: Mapped[str | None]
    mime: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    duration: Mapped[float | None]  # seconds
    probe: Mapped[dict[str, Any] | None]  # container and streams as found
    # What its user said of it beforehand.
    expected_size: Mapped[int | None] = mapped_column(BigInteger)
    expected_sha256: Mapped[str | None]
    # Of one that comes in parts: the store's id for it, and how long all parts but the last are.
    multipart_id: Mapped[str | None]
    part_size: Mapped[int | None] = mapped_column(BigInteger)
    verifying_until: Mapped[datetime | None]  # a lease, of the process that looks into it
    refusal: Mapped[dict[str, Any] | None]  # why it was not taken in (uploads/refusals.py)
    created_at: Mapped[datetime] = build_now_column()
    completed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]  # its bytes are gone, and its name, by its user's wish
