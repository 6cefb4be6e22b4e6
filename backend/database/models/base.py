"""The tables. Who writes them: jobs.py and uploads.py what users ask for, leases.py stage state."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid6 import uuid7

from backend.database.engine import Json, UtcDateTime, from_now
from backend.pipeline.params import Kind, Mode
from backend.pipeline.stages import Stage
from backend.pipeline.states import LanguageStatus, RunState, StageState

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Ids are UUIDv7, so that they sort by time; times are UTC."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        UUID: Uuid(),
        # Stored by value as text: a new state is then no ALTER TYPE; checked by constraint.
        StrEnum: Enum(
            StrEnum, native_enum=False, length=16, values_callable=lambda e: [v.value for v in e]
        ),
    }


def _one_of(column: str, values: type[Any]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _id() -> Mapped[UUID]:
    return mapped_column(primary_key=True, default=uuid7)


def _now() -> Mapped[datetime]:
    return mapped_column(default=from_now(0))


class User(Base):
    """Whom jobs belong to. Until accounts exist there is one, `LOCAL_USER`."""

    __tablename__ = "users"

    id: Mapped[UUID] = _id()
    name: Mapped[str]
    created_at: Mapped[datetime] = _now()


LOCAL_USER = UUID(int=0)


class Upload(Base):
    """A file that a user sends; what is not known until it has come is null until then."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("role IN ('voice', 'video', 'background', 'transcript')", name="role"),
        Index("ix_uploads_object_key", "object_key"),
    )

    id: Mapped[UUID] = _id()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str]
    filename: Mapped[str]
    object_key: Mapped[str]
    sha256: Mapped[str | None]
    mime: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    duration: Mapped[float | None]  # seconds
    probe: Mapped[dict[str, Any] | None]  # container and streams as found
    created_at: Mapped[datetime] = _now()
    completed_at: Mapped[datetime | None]


class Job(Base):
    """What a user asked for; how it goes is told by its runs."""

    __tablename__ = "jobs"
    __table_args__ = (
        _one_of("kind", Kind),
        _one_of("mode", Mode),
        Index("ix_jobs_user_id_id", "user_id", "id"),
    )

    id: Mapped[UUID] = _id()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[Kind]
    source_language: Mapped[str]
    mode: Mapped[Mode]
    params: Mapped[dict[str, Any]]  # as submitted
    media_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id"))
    background_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.id"))
    last_run: Mapped[int] = mapped_column(default=0)
    # Given out under this row's lock: whoever changes stage state takes that lock first, which
    # keeps events gapless and lets exactly one of two finishing languages end the run.
    event_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = _now()


class Run(Base):
    """One passage of a job through its stages; a resume is a new run, history is never cleared."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("job_id", "number"),
        _one_of("state", RunState),
        Index(
            "uq_runs_one_active",
            "job_id",
            unique=True,
            postgresql_where=text("state = 'active'"),
            sqlite_where=text("state = 'active'"),
        ),
    )

    id: Mapped[UUID] = _id()
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    number: Mapped[int]
    resume_from: Mapped[str | None]  # a stage, `auto`, or null for the first run
    params: Mapped[dict[str, Any]]  # pinned: JobParams with the providers that do it
    state: Mapped[RunState] = mapped_column(default=RunState.ACTIVE)
    cancel_requested_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = _now()
    finished_at: Mapped[datetime | None]


class LanguageTask(Base):
    """Where one target language of one run stands."""

    __tablename__ = "language_tasks"
    __table_args__ = (
        UniqueConstraint("run_id", "language"),
        _one_of("status", LanguageStatus),
        CheckConstraint("progress >= 0 AND progress <= 1", name="progress"),
    )

    id: Mapped[UUID] = _id()
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"))
    language: Mapped[str]
    status: Mapped[LanguageStatus] = mapped_column(default=LanguageStatus.QUEUED)
    progress: Mapped[float] = mapped_column(default=0.0)


class StageRun(Base):
    """The progress marker of one stage of one run for one language."""

    __tablename__ = "stage_runs"
    __table_args__ = (
        UniqueConstraint("run_id", "stage", "language"),
        _one_of("stage", Stage),
        _one_of("state", StageState),
        CheckConstraint("origin IN ('executed', 'reused', 'given')", name="origin"),
        Index("ix_stage_runs_upstream_id", "upstream_id"),
        Index(
            "ix_stage_runs_lease",
            "lease_until",
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
    )

    id: Mapped[UUID] = _id()
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
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]  # not to be claimed before
    input_key: Mapped[str | None]  # null until it is done, and for what was given
    progress: Mapped[float] = mapped_column(default=0.0)
    memo: Mapped[dict[str, Any]] = mapped_column(default=dict)  # provider job ids, kept first
    error: Mapped[dict[str, Any] | None]
    warnings: Mapped[dict[str, Any] | None]
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
        Index("ix_artifacts_object_key", "object_key"),
    )

    id: Mapped[UUID] = _id()
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
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = _now()


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
    created_at: Mapped[datetime] = _now()


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
    created_at: Mapped[datetime] = _now()


class ProviderGate(Base):
    """How fast a provider may be called, for workers that share no Redis (see pacing.py)."""

    __tablename__ = "provider_gates"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[float]  # these are seconds of the Unix epoch
    shut_until: Mapped[float]
    failures: Mapped[int]


class Outbox(Base):
    """One row for each active run: the promise that somebody will look at it again.

    It is written with the run and deleted when the run ends. When `due_at` comes, the relay
    sends whatever could run and does not (see outbox.py).
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    due_at: Mapped[datetime] = _now()
    looked_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(default=0)  # in a row without any progress seen
