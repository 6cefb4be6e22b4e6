"""Where the API listens, who may ask it, and how its users are written to."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ServerSettings(BaseSettings):
    """Where the API listens, who may ask it, and how its users are written to."""

    api_host: str = Field(
        default="127.0.0.1", description="Address to bind; others than loopback need IDENTITY"
    )
    api_port: int = Field(default=8642, ge=0, le=65535, description="Port; 0 takes a free one")
    public_url: str = Field(
        default="", description="URL that clients reach the API by; empty: http://API_HOST:API_PORT"
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        description="Proxies in front of the API, which tell by X-Forwarded-For who asks",
    )
    rate_limit_per_minute: int = Field(
        default=600,
        ge=0,
        description="Requests a minute of each user, or address where nobody is known; 0: any",
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Signs URLs and access tokens; empty: made once and kept in DUBLINE_HOME",
    )
    identity: Literal["none", "accounts", "supabase"] = Field(
        default="none",
        description="Who keeps the accounts; none: open to this machine, embedded only",
    )
    registration: Literal["closed", "open"] = Field(
        default="closed", description="Whether anybody may open an account; else: dubline users"
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="Sends mail, as in smtp://user:password@host:587; empty: mails are logged",
    )
    mail_from: str = Field(default="dubline@localhost", description="Sender of mails")
    app_url: str = Field(
        default="", description="Web app that links in mails lead to; empty: mails show tokens"
    )
    supabase_issuer: str = Field(
        default="", description="As in https://PROJECT.supabase.co/auth/v1; its JWKS is below it"
    )
    supabase_audience: str = Field(
        default="authenticated", description="Audience of Supabase's tokens"
    )
    supabase_jwt_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret of a project that signs by HS256 (legacy)"
    )
    dubline_api_key: SecretStr = Field(
        default=SecretStr(""), description="API key that the command line uses at a server"
    )
    url_ttl_s: int = Field(
        default=900,
        gt=0,
        description="Life of a signed URL, seconds; those in playlists live the film's length more",
    )
    log_format: Literal["console", "json"] = Field(default="console", description="Log format")

    @property
    def api_url(self) -> str:
        """The URL that clients reach the API by, without a trailing slash."""
        return self.public_url.rstrip("/") or format_url(self.api_host, self.api_port)


def format_url(host: str, port: int) -> str:
    """The URL of an API that listens there; an IPv6 address is put in brackets (RFC 3986)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
