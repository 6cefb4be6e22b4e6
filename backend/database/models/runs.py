"""How jobs go: runs, progress markers, what they made, and the promise to look at them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import (
    Base,
    build_enum_constraint,
    build_id_column,
    build_now_column,
)
from backend.pipeline.stages import Stage
from backend.pipeline.states import RunState, StageState


class Run(Base):
    """One passage of a job through its stages; a resume is a new run, history is never cleared."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("job_id", "number"),
        build_enum_constraint("state", RunState),
        Index(
            "uq_runs_one_running",
            "job_id",
            unique=True,
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
    )

    id: Mapped[UUID] = build_id_column()
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    number: Mapped[int]
    resume_from: Mapped[str | None]  # a stage, `auto`, or null for the first run
    params: Mapped[dict[str, Any]]  # pinned: JobParams with the providers that do it
    state: Mapped[RunState] = mapped_column(default=RunState.RUNNING)
    cancel_requested_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = build_now_column()
    finished_at: Mapped[datetime | None]


class StageRun(Base):
    """The progress marker of one stage of one run for one language."""

    __tablename__ = "stage_runs"
    __table_args__ = (
        UniqueConstraint("run_id", "stage", "language"),
        build_enum_constraint("stage", Stage),
        build_enum_constraint("state", StageState),
        CheckConstraint("origin IN ('executed', 'reused', 'given')", name="origin"),
        Index("ix_stage_runs_upstream_id", "upstream_id"),
        Index("ix_stage_runs_job_id", "job_id"),
        Index(
            "ix_stage_runs_dead",
            "finished_at",
            postgresql_where=text("state = 'dead'"),
            sqlite_where=text("state = 'dead'"),
        ),
        Index(
            "ix_stage_runs_lease",
            "lease_until",
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
    )

    id: Mapped[UUID] = build_id_column()
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    stage: Mapped[Stage]
    language: Mapped[str] = mapped_column(default="")  # empty: for all languages
    upstream_id: Mapped[UUID | None] = mapped_column(ForeignKey("stage_runs.id"))
    state: Mapped[StageState] = mapped_column(default=StageState.WAITING)
    origin: Mapped[str] = mapped_column(default="executed")
    reused_from: Mapped[UUID | None] = mapped_column(ForeignKey("stage_runs.id"))
    attempt: Mapped[int] = mapped_column(default=0)
    # Rate limits in a row, and seconds waited for them: they use up no attempt, but only so much.
    limited: Mapped[int] = mapped_column(default=0)
    limited_s: Mapped[float] = mapped_column(default=0.0)
    # Counts claims. Whoever claimed with an older fence can no longer write.
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]  # not to be claimed before
    input_key: Mapped[str | None]  # null until it is done, and for what was given
    progress: Mapped[float] = mapped_column(default=0.0)
    memo: Mapped[dict[str, Any]] = mapped_column(default=dict)  # provider job ids, kept first
    error: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[str]] = mapped_column(default=list)
    provider: Mapped[str | None]
    model: Mapped[str | None]
    cost_usd: Mapped[float] = mapped_column(default=0.0)  # of all attempts
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Artifact(Base):
    """A file that a stage made: the object was stored before this row, and never changes."""

    __tablename__ = "artifacts"
    __table_args__ = (
        UniqueConstraint("stage_run_id", "kind"),
        Index("ix_artifacts_job_id", "job_id"),
        Index("ix_artifacts_object_key", "object_key"),
    )

    id: Mapped[UUID] = build_id_column()
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    stage_run_id: Mapped[UUID] = mapped_column(ForeignKey("stage_runs.id"))
    kind: Mapped[str]
    language: Mapped[str]
    object_key: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mime: Mapped[str]
    meta: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = build_now_column()


class Outbox(Base):
    """One row for each run that goes on: the promise that somebody will look at it again.

    It is written with the run and deleted when the run ends. When `due_at` comes, the relay
    sends whatever could run and does not (see outbox.py).
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    due_at: Mapped[datetime] = build_now_column()
    looked_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(default=0)  # in a row without any progress seen
