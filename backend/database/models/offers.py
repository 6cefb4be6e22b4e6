"""What workers can do."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import Base, build_now_column


class WorkerOffer(Base):
    """What the workers of one machine can do (`pipeline.offers.Offer`), as they told last."""

    __tablename__ = "worker_offers"

    machine: Mapped[str] = mapped_column(primary_key=True)
    offer: Mapped[dict[str, Any]]
    told_at: Mapped[datetime] = build_now_column()
