"""What was asked for under a key of the client's, so that asking again does nothing twice."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import Base, build_now_column


class IdempotencyKey(Base):
    """A request under a key; `answer` is null until it was answered."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_user_id_created_at", "user_id", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]  # of method, path and body
    # Written in the commit that makes the job or its run: were the process to die before it has
    # answered, nothing is made again.
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"))
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = build_now_column()
