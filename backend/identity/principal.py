"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from backend.database.models.accounts import LOCAL_USER, Role
from backend.errors import Forbidden


class Scope(StrEnum):
    """What an API key can be given."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    ADMIN = "admin"


@dataclass(frozen=True)
class Principal:
    """A user, or an API key that acts for one; `session` tells that the user has logged in."""

    user_id: UUID
    scopes: frozenset[Scope]
    session: bool = False

    def require_scope(self, scope: Scope) -> None:
        """Raise `Forbidden` without it."""
        if scope not in self.scopes:
            raise Forbidden("insufficient-scope", f"This takes the scope {scope}", scope=str(scope))

    def require_session(self) -> None:
        """Raise `Forbidden` for API keys: a stolen one must not make others or change passwords."""
        if not self.session:
            raise Forbidden("session-needed", "Log in for this: no API key may do it")


def grant_scopes(role: Role, asked: frozenset[Scope] = frozenset(Scope)) -> frozenset[Scope]:
    """Of the scopes asked for those that the role allows."""
    return asked if role is Role.ADMIN else asked - {Scope.ADMIN}


# Whoever reaches an embedded house on its own machine.
LOCAL = Principal(LOCAL_USER, frozenset(Scope), session=True)
