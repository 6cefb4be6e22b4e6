"""Tokens for URLs that work by themselves, for a short time: what they allow, signed."""

from datetime import timedelta
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from backend.errors import NotFound


class Signer:
    """Signs claims with a secret; `purpose` keeps one kind of token from passing for another."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret_key, salt=purpose)

    def sign_claims(self, claims: dict[str, Any], expires: timedelta) -> str:
        """A token for a URL's path."""
        return str(self._serializer.dumps({**claims, "ttl": expires.total_seconds()}))

    def verify_claims(self, token: str) -> dict[str, Any]:
        """What was signed; raises `NotFound` when forged or too old."""
        try:
            claims = self._serializer.loads(token)
            self._serializer.loads(token, max_age=int(claims["ttl"]))
        except BadData:
            raise NotFound("This link is not valid, or no longer: ask for a new one") from None
        return dict(claims)
