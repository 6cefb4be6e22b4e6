"""Whom jobs and files belong to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from backend.database.models.base import Base, id_column, now_column


class User(Base):
    """Whom jobs belong to. Until accounts exist there is one, `LOCAL_USER`."""

    __tablename__ = "users"

    id: Mapped[UUID] = id_column()
    name: Mapped[str]
    created_at: Mapped[datetime] = now_column()


LOCAL_USER = UUID(int=0)
