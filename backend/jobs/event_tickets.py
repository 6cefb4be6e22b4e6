"""Tickets to a job's stream of events, for clients that can send no header: each works once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert

from backend.database.engine import Database, from_now
from backend.database.models.jobs import EventTicket
from backend.errors import NotFound
from backend.identity.secrets import build_secret, hash_secret
from backend.jobs.access import read_job

LIFE_S = 30  # it is used at once, or never


@dataclass(frozen=True)
class NewEventTicket:
    """A ticket as it was made: it is shown this once."""

    ticket: str
    expires_at: datetime


@dataclass(frozen=True)
class UsedEventTicket:
    """Whose job a ticket was for."""

    user_id: UUID
    job_id: UUID


def create_ticket(db: Database, user_id: UUID, job_id: UUID) -> NewEventTicket:
    """Make a ticket; raises `NotFound`, also for somebody else's job."""
    ticket = build_secret()
    row = {"token_hash": hash_secret(ticket), "job_id": job_id, "user_id": user_id}
    with db.write() as connection:
        read_job(connection, user_id, job_id)
        expires_at = connection.execute(
            insert(EventTicket)
            .values(**row, expires_at=from_now(LIFE_S))
            .returning(EventTicket.expires_at)
        ).scalar_one()
    return NewEventTicket(ticket, expires_at)


def use_ticket(db: Database, ticket: str) -> UsedEventTicket:
    """Take a ticket, which then works no more; raises `NotFound` for one that does not work."""
    old = EventTicket.expires_at <= from_now(0)
    this = (EventTicket.token_hash == hash_secret(ticket)) & ~old
    with db.write() as connection:
        row = connection.execute(
            delete(EventTicket).where(this).returning(EventTicket.user_id, EventTicket.job_id)
        ).one_or_none()
        connection.execute(delete(EventTicket).where(old))
    if row is None:
        raise NotFound("This ticket does not work, or no longer: ask for a new one")
    return UsedEventTicket(row.user_id, row.job_id)
