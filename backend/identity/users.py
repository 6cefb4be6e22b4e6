"""Users as whoever runs the house sees them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, update

from backend.database.engine import Database, from_now
from backend.database.models.accounts import Role, User
from backend.errors import Conflict, NotFound
from backend.identity import passwords
from backend.identity.accounts import create_user, normalize_email
from backend.identity.sessions import end_all_sessions


def list_users(db: Database, *, limit: int, before: UUID | None = None) -> list[Row[Any]]:
    """Users, newest first; `before` is the id of the last one seen."""
    query = select(User.__table__).order_by(User.id.desc()).limit(limit)
    if before is not None:
        query = query.where(User.id < before)
    with db.read() as connection:
        return list(connection.execute(query))


def find_user(db: Database, name: str) -> Row[Any]:
    """The user with this mail or id; raises `NotFound`."""
    with db.read() as connection:
        user = connection.execute(
            select(User.__table__).where(_build_condition(name))
        ).one_or_none()
    if user is None:
        raise NotFound(f"There is no user {name}")
    return user


def add_user(db: Database, email: str, password: str, role: Role) -> UUID:
    """A user whose address counts as confirmed; raises `Invalid`, `Conflict`."""
    email = normalize_email(email)
    passwords.require_strong(password, email)
    hashed = passwords.hash_password(password)
    with db.write() as connection:
        if connection.execute(select(User.id).where(User.email == email)).first():
            raise Conflict("mail-taken", f"{email} has an account already")
        return create_user(connection, email, hashed, role, email_confirmed_at=from_now(0))


def set_role(db: Database, user_id: UUID, role: Role) -> None:
    """Make a user an admin, or no admin; that holds from their next request on."""
    with db.write() as connection:
        connection.execute(update(User).where(User.id == user_id).values(role=role))


def set_disabled(db: Database, user_id: UUID, *, disabled: bool) -> None:
    """Lock a user out, or let them in again; sessions end, keys do not work meanwhile."""
    when = from_now(0) if disabled else None
    with db.write() as connection:
        connection.execute(update(User).where(User.id == user_id).values(disabled_at=when))
        if disabled:
            end_all_sessions(connection, user_id)


def _build_condition(name: str) -> ColumnElement[bool]:
    try:
        return User.id == UUID(name)
    except ValueError:
        return User.email == name.strip().lower()
