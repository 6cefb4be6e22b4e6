"""Supabase as identity provider: its tokens are verified here, it keeps the accounts.

Projects sign by ES256 or RS256 with keys that they publish (JWKS), older ones by HS256 with a
secret. Which of the two is a setting, never the token's choice.
"""

from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError

from backend.errors import Transient, Unauthenticated

PUBLIC_KEY_ALGORITHMS = ["ES256", "RS256"]
SECRET_ALGORITHMS = ["HS256"]
CLAIMS = ["iss", "aud", "sub", "exp"]
LEEWAY_S = 10  # for clocks that differ
KEYS_LIFE_S = 600
TIMEOUT_S = 3


@dataclass(frozen=True)
class SupabaseUser:
    """Whose token it is: `subject` is Supabase's id, `name` what to show of them."""

    subject: str
    name: str


class SupabaseTokens:
    """Verifies the tokens of one project; `secret` only for one that signs by HS256."""

    def __init__(self, issuer: str, audience: str, secret: str = "") -> None:
        self._issuer = issuer.rstrip("/")
        self._audience = audience
        self._secret = secret
        self._keys = PyJWKClient(
            f"{self._issuer}/.well-known/jwks.json", lifespan=KEYS_LIFE_S, timeout=TIMEOUT_S
        )

    def verify(self, token: str) -> SupabaseUser:
        """Whose it is.

        Raises `Unauthenticated` for one that is forged, too old, for others, anonymous or a key of
        the project; `Transient` when the project's keys cannot be asked for.
        """
        try:
            claims = self._decode(token)
        except PyJWKClientConnectionError:
            raise Transient("The identity provider does not answer") from None
        except jwt.PyJWTError:
            raise Unauthenticated from None
        # The project's anon and service keys are tokens too, but nobody's.
        if claims.get("role") != "authenticated" or claims.get("is_anonymous"):
            raise Unauthenticated
        return SupabaseUser(str(claims["sub"]), str(claims.get("email") or claims["sub"]))

    def _decode(self, token: str) -> dict[str, Any]:
        if self._secret:
            key: Any = self._secret
            algorithms = SECRET_ALGORITHMS
        else:
            key = self._keys.get_signing_key_from_jwt(token)
            algorithms = PUBLIC_KEY_ALGORITHMS
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_S,
            options={"require": CLAIMS},
        )
