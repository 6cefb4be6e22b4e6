"""Random secrets that are shown once: only their hash is kept."""

import hashlib
import secrets


def build_secret() -> str:
    """256 bits as text for a header, a URL or a mail."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is kept. Nobody can guess 256 random bits, so a fast hash without a salt will do."""
    return hashlib.sha256(secret.encode()).hexdigest()
