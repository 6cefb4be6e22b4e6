"""What all tables have in common: names of constraints, types, ids and times."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Enum,
    MetaData,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid6 import uuid7

from backend.database.engine import Json, UtcDateTime, from_now

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
        list[str]: Json,
        UUID: Uuid(),
        # Stored by value as text: a new state is then no ALTER TYPE; checked by constraint.
        StrEnum: Enum(
            StrEnum, native_enum=False, length=16, values_callable=lambda e: [v.value for v in e]
        ),
    }


def build_enum_constraint(column: str, values: type[Any]) -> CheckConstraint:
    """The constraint that a column holds one of an enum's values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def build_id_column() -> Mapped[UUID]:
    """A primary key that sorts by time."""
    return mapped_column(primary_key=True, default=uuid7)


def build_now_column() -> Mapped[datetime]:
    """The time at which the row was written, by the database's clock."""
    return mapped_column(default=from_now(0))
