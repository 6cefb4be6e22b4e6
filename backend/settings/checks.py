"""What settings must be together, and who may reach the API."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from backend.settings.errors import SettingsError

if TYPE_CHECKING:
    from backend.settings import Settings

# What a kind of storage cannot do without.
NEEDED = {
    "minio": ("minio_endpoint", "minio_access_key", "minio_secret_key"),
    "s3": ("s3_access_key", "s3_secret_key"),
}

SHORTEST_SECRET = 20
# As many bytes as HMAC-SHA-256 makes (RFC 7518, 3.2).
SHORTEST_KEY = 32

LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")


def is_open(settings: "Settings") -> bool:
    """Whether whoever reaches the API is its one user."""
    return settings.identity == "none"


def check_identity(settings: "Settings") -> None:
    """Raise `SettingsError` for an API that more than its own machine can reach, open to all.

    A proxy on this machine makes the loopback address public, so that servers, and whoever has a
    public URL, demand identity too.
    """
    if not is_open(settings):
        return
    public = urlsplit(settings.public_url).hostname or settings.api_host
    if settings.api_host not in LOOPBACK or public not in LOOPBACK:
        what = f"API_HOST is {settings.api_host}, the clients' URL {settings.api_url}"
    elif not settings.embedded:
        what = "this is a house of servers (BROKER_URL)"
    else:
        return
    raise SettingsError(
        f"IDENTITY: {what}, so the API has to know who asks: set it to accounts or supabase"
    )


def check_together(settings: "Settings") -> None:
    """Raise `SettingsError` for the first that does not go with the others."""
    if settings.heartbeat_s * 2 > settings.lease_s:
        raise SettingsError("LEASE_S: must be at least twice HEARTBEAT_S, or live work is taken")
    if not settings.embedded and settings.database.startswith("sqlite"):
        raise SettingsError("DATABASE_URL: a Redis broker needs Postgres, not SQLite")
    _check_storage(settings)
    _check_webhook(settings)
    _check_keys(settings)


def _check_storage(settings: "Settings") -> None:
    for name in NEEDED.get(settings.storage_backend, ()):
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            kind = settings.storage_backend
            raise SettingsError(f"{name.upper()}: needed when STORAGE_BACKEND is {kind}")


def _check_webhook(settings: "Settings") -> None:
    secret = settings.assemblyai_webhook_secret.get_secret_value()
    if secret and len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"ASSEMBLYAI_WEBHOOK_SECRET: at least {SHORTEST_SECRET} characters, of your own making"
        )
    if secret and not settings.public_url:
        raise SettingsError("PUBLIC_URL: needed with ASSEMBLYAI_WEBHOOK_SECRET, to be called back")


def _check_keys(settings: "Settings") -> None:
    """What telling users apart cannot do without."""
    if settings.identity == "none":
        return
    if settings.identity == "supabase" and not settings.supabase_issuer:
        raise SettingsError("SUPABASE_ISSUER: needed when IDENTITY is supabase")
    for name in ("secret_key", "supabase_jwt_secret"):
        secret = getattr(settings, name).get_secret_value()
        if secret and len(secret) < SHORTEST_KEY:
            raise SettingsError(
                f"{name.upper()}: signs tokens, so it needs {SHORTEST_KEY} characters: "
                "openssl rand -hex 32"
            )
    if not settings.embedded and not settings.secret_key:
        raise SettingsError("SECRET_KEY: needed for IDENTITY with servers, the same for all")
