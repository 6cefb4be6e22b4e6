"""How often somebody may try: counted by account and by address, before it is tried.

Whoever reaches the limit waits until the oldest attempt is old enough, with the right password too:
otherwise answers would tell which one is right. That lets strangers keep an account from logging
in by password for a while; sessions and API keys go on.
"""

import math
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, func, insert, select

from backend.database.engine import Database, from_now
from backend.database.models.accounts import LoginAttempt
from backend.errors import TooManyRequests
from backend.identity.secrets import hash_secret

WINDOW = timedelta(minutes=15)
MOST_BY_ACCOUNT = 10
MOST_BY_ADDRESS = 50  # many people may share one


def list_limits(what: str, email: str, address: str) -> dict[str, int]:
    """The limits of one attempt at `what`, by key; what is kept of a mail is its hash."""
    return {
        f"{what}:account:{hash_secret(email)}": MOST_BY_ACCOUNT,
        f"{what}:address:{address}": MOST_BY_ADDRESS,
    }


def count_attempt(db: Database, limits: Mapping[str, int]) -> None:
    """Count an attempt; raises `TooManyRequests` when one of the limits is reached already."""
    window = WINDOW.total_seconds()
    with db.write() as connection:
        connection.execute(delete(LoginAttempt).where(LoginAttempt.at < from_now(-window)))
        for key, most in limits.items():
            earlier = select(
                func.count(), func.min(LoginAttempt.at), select(from_now(0)).scalar_subquery()
            ).where(LoginAttempt.key == key)
            count, oldest, now = connection.execute(earlier).one()
            if count >= most:
                wait = math.ceil(window - (now - oldest).total_seconds())
                raise TooManyRequests(
                    "too-many-attempts", f"Too many attempts: wait {wait} s", retry_after=wait
                )
        connection.execute(insert(LoginAttempt), [{"key": key} for key in limits])


def forget_attempts(db: Database, limits: Mapping[str, int]) -> None:
    """Forget what led to a success."""
    with db.write() as connection:
        connection.execute(delete(LoginAttempt).where(LoginAttempt.key.in_(limits)))
