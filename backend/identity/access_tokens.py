"""Short-lived access tokens (JWT) for those who have logged in here."""

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from backend.errors import Unauthenticated

LIFE = timedelta(minutes=15)
# Never taken from a token's header, or its sender would choose how it is verified.
ALGORITHM = "HS256"
ISSUER, AUDIENCE = "dubline", "dubline-api"
CLAIMS = ["iss", "aud", "sub", "sid", "iat", "exp"]


@dataclass(frozen=True)
class AccessClaims:
    """Whose token it is, and of which session."""

    user_id: UUID
    session_id: UUID


class AccessTokens:
    """Makes and verifies them, by a key of their own that follows from the house's secret."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.digest(secret_key.encode(), b"dubline access tokens", "sha256")

    def derive_secret(self, used: str) -> str:
        """The refresh token that follows on this one: always the same, and known to nobody else."""
        digest = hmac.digest(self._key, b"refresh " + used.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def build(self, claims: AccessClaims) -> str:
        """A token that works for `LIFE`."""
        now = datetime.now(UTC)
        ids = {"sub": str(claims.user_id), "sid": str(claims.session_id)}
        times = {"iat": now, "exp": now + LIFE}
        body = {"iss": ISSUER, "aud": AUDIENCE, **ids, **times}
        return jwt.encode(body, self._key, algorithm=ALGORITHM)

    def verify(self, token: str) -> AccessClaims:
        """What it tells; raises `Unauthenticated` for one that is forged, too old or for others."""
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": CLAIMS},
            )
            return AccessClaims(UUID(found["sub"]), UUID(found["sid"]))
        except (jwt.InvalidTokenError, ValueError):
            raise Unauthenticated from None
