"""What users ask for, what they changed in it, and what happened to it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import (
    Base,
    build_enum_constraint,
    build_id_column,
    build_now_column,
)
from backend.pipeline.params import JobKind, SpeakerMode
from backend.pipeline.states import RunState


class Job(Base):
    """What a user asked for; how it goes is told by its runs."""

    __tablename__ = "jobs"
    __table_args__ = (
        build_enum_constraint("kind", JobKind),
        build_enum_constraint("mode", SpeakerMode),
        build_enum_constraint("status", RunState),
        # A list is read from its newest job on, by each of what it can be narrowed to.
        Index("ix_jobs_user_id_id", "user_id", "id"),
        Index("ix_jobs_user_id_kind_id", "user_id", "kind", "id"),
        Index("ix_jobs_user_id_status_id", "user_id", "status", "id"),
        # Whether a file is needed.
        Index("ix_jobs_media_id", "media_id"),
        Index("ix_jobs_background_id", "background_id"),
    )

    id: Mapped[UUID] = build_id_column()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[JobKind]
    source_language: Mapped[str]
    mode: Mapped[SpeakerMode]
    params: Mapped[dict[str, Any]]  # as submitted
    name: Mapped[str | None]
    labels: Mapped[list[str]] = mapped_column(default=list)
    # As its latest run left it; written by `runs` with the run's own beginning and end.
    status: Mapped[RunState] = mapped_column(default=RunState.RUNNING)
    media_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id"))
    background_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.id"))
    last_run: Mapped[int] = mapped_column(default=0)
    # Given out under this row's lock: whoever changes stage state takes that lock first, which
    # keeps events gapless and lets exactly one of two finishing languages end the run.
    event_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = build_now_column()
    data_deleted_at: Mapped[datetime | None]  # its files and texts are gone, by its user's wish


class Facet(StrEnum):
    """What a job may have several of, and be looked for by."""

    LABEL = "label"
    LANGUAGE = "language"


class JobFacet(Base):
    """A label of a job or a language that it is dubbed into, where a list finds it."""

    __tablename__ = "job_facets"
    __table_args__ = (
        build_enum_constraint("facet", Facet),
        Index("ix_job_facets_job_id", "job_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    facet: Mapped[Facet] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)


class ShareLink(Base):
    """Lets whoever has its token watch a job, until it expires or is revoked."""

    __tablename__ = "share_links"
    __table_args__ = (Index("ix_share_links_job_id", "job_id"),)

    id: Mapped[UUID] = build_id_column()
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = build_now_column()
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class EventTicket(Base):
    """Lets whoever has it follow a job's events, once; the row goes with its use."""

    __tablename__ = "event_tickets"
    __table_args__ = (
        Index("ix_event_tickets_job_id", "job_id"),
        Index("ix_event_tickets_expires_at", "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime]


class SegmentEdit(Base):
    """A revision of a language's lines that a user made; the object is stored before this row."""

    __tablename__ = "segment_edits"
    __table_args__ = (Index("ix_segment_edits_object_key", "object_key"),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    after_run: Mapped[int]  # the number of the last run that took the lines that were changed
    object_key: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = build_now_column()


class JobEvent(Base):
    """What happened to a job, append-only; `seq` counts from 1 without gaps in each job."""

    __tablename__ = "job_events"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    run: Mapped[int | None]
    stage: Mapped[str | None]
    language: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    provider: Mapped[str | None]
    model: Mapped[str | None]
    units: Mapped[float | None]
    unit: Mapped[str | None]
    cost_usd: Mapped[float | None]
    created_at: Mapped[datetime] = build_now_column()
