"""Whom jobs and files belong to, and by what they are let in."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.database.models.base import (
    Base,
    build_enum_constraint,
    build_id_column,
    build_now_column,
)


class Role(StrEnum):
    """What a user is to this house."""

    USER = "user"
    ADMIN = "admin"


class User(Base):
    """Whom jobs belong to; an embedded house that is open to its machine has one, `LOCAL_USER`."""

    __tablename__ = "users"
    __table_args__ = (build_enum_constraint("role", Role),)

    id: Mapped[UUID] = build_id_column()
    name: Mapped[str]
    created_at: Mapped[datetime] = build_now_column()
    role: Mapped[Role] = mapped_column(default=Role.USER)
    email: Mapped[str | None] = mapped_column(unique=True)  # in small letters
    email_confirmed_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    subject: Mapped[str | None] = mapped_column(unique=True)  # the identity provider's id
    disabled_at: Mapped[datetime | None]
    quotas: Mapped[dict[str, Any] | None]  # where they differ from the settings'


class Session(Base):
    """Somebody who has logged in; `token_hash` is of the latest refresh token."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"),)

    id: Mapped[UUID] = build_id_column()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[str]
    created_at: Mapped[datetime] = build_now_column()
    expires_at: Mapped[datetime]


class MailToken(Base):
    """Proves an address; the row goes when the token was used."""

    __tablename__ = "mail_tokens"
    __table_args__ = (
        CheckConstraint("purpose IN ('confirm', 'reset')", name="purpose"),
        Index("ix_mail_tokens_user_id", "user_id"),
    )

    id: Mapped[UUID] = build_id_column()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str]
    email: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = build_now_column()
    expires_at: Mapped[datetime]


class ApiKey(Base):
    """A key by which a program acts for a user; `prefix` is the part that may be shown."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_user_id", "user_id"),)

    id: Mapped[UUID] = build_id_column()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = build_now_column()
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """That somebody tried something that is limited; kept for as long as it counts."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index("ix_login_attempts_key", "key"),)

    id: Mapped[UUID] = build_id_column()
    key: Mapped[str]  # what was tried, and by which account or from which address
    at: Mapped[datetime] = build_now_column()


LOCAL_USER = UUID(int=0)
