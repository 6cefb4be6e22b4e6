"""All tables, so that whoever imports this room (Alembic, say) knows every one of them."""

from backend.database.models import accounts, idempotency, jobs, kept, limits, offers, runs, uploads

__all__ = ["accounts", "idempotency", "jobs", "kept", "limits", "offers", "runs", "uploads"]
