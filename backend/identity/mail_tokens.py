"""Tokens that are mailed to prove that an address is its user's; each works once."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert

from backend.database.engine import from_now
from backend.database.models.accounts import MailToken
from backend.errors import Invalid
from backend.identity.secrets import build_secret, hash_secret


class Purpose(StrEnum):
    """What a token is for; one does not do for another."""

    CONFIRM = "confirm"  # an address: that of a new account, or the new one of an old account
    RESET = "reset"  # a password


LIFE = {Purpose.CONFIRM: timedelta(days=2), Purpose.RESET: timedelta(hours=1)}


def issue_token(connection: Connection, user_id: UUID, purpose: Purpose, email: str) -> str:
    """A new token for this address; earlier ones for the same purpose work no more."""
    secret = build_secret()
    mine = (MailToken.user_id == user_id) & (MailToken.purpose == purpose)
    connection.execute(delete(MailToken).where(mine))
    connection.execute(
        insert(MailToken).values(
            user_id=user_id,
            purpose=purpose,
            email=email,
            token_hash=hash_secret(secret),
            expires_at=from_now(LIFE[purpose].total_seconds()),
        )
    )
    return secret


def redeem_token(connection: Connection, secret: str, purpose: Purpose) -> Row[UUID, str]:
    """`user_id` and `email` of a token, which is used up by this; raises `Invalid`."""
    found = connection.execute(
        delete(MailToken)
        .where(
            MailToken.token_hash == hash_secret(secret),
            MailToken.purpose == purpose,
            MailToken.expires_at > from_now(0),
        )
        .returning(MailToken.user_id, MailToken.email)
    ).one_or_none()
    if found is None:
        raise Invalid("token", "does not work, or no longer: ask for a new mail")
    return found
