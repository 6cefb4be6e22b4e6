"""Whom jobs and files belong to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from backend.database.models.base import Base, build_id_column, build_now_column


class User(Base):
    """Whom jobs belong to. Until accounts exist there is one, `LOCAL_USER`."""

    __tablename__ = "users"

    id: Mapped[UUID] = build_id_column()
    name: Mapped[str]
    created_at: Mapped[datetime] = build_now_column()


LOCAL_USER = UUID(int=0)
