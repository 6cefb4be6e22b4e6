"""How fast others may be called."""

from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import Base


class ProviderGate(Base):
    """How fast a provider may be called, for workers that share no Redis (see throttle.py)."""

    __tablename__ = "provider_gates"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[float]  # these are seconds of the Unix epoch
    shut_until: Mapped[float]
    failures: Mapped[int]
