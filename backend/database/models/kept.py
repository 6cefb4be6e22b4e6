"""What is kept for all jobs, and by which of them it was used."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import Base


class KeptObject(Base):
    """An object under the hash of all that made it (a clip, a translated batch) that a job used."""

    __tablename__ = "kept_objects"
    __table_args__ = (Index("ix_kept_objects_object_key", "object_key"),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    object_key: Mapped[str] = mapped_column(primary_key=True)
