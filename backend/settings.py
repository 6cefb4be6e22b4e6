"""Every setting of Dubline, read from the environment (or a `.env` file) and checked at start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.documents.limits import TextLimits
from backend.media.limits import MediaLimits
from backend.pipeline.providers import ProviderKind, ProviderNames
from backend.pipeline.stages import Stage

# What a kind of storage cannot do without.
NEEDED = {
    "minio": ("minio_endpoint", "minio_access_key", "minio_secret_key"),
    "s3": ("s3_access_key", "s3_secret_key"),
}

SHORTEST_SECRET = 20
WEBHOOK_HEADER = "X-Dubline-Webhook-Secret"  # in which vendors send it back


def count_cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# As many bytes as HMAC-SHA-256 makes (RFC 7518, 3.2).
SHORTEST_KEY = 32


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says what would be right."""


class Settings(BaseSettings):
    """Without any setting Dubline runs embedded: SQLite, files on disk, a broker in a folder.

    URLs are secrets because they may carry passwords; their repr is redacted.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    dubline_home: Path = Field(
        default_factory=lambda: _home_of_user() / ".dubline",
        description="Folder of the embedded database, broker and files",
    )
    models_dir: Path | None = Field(
        default=None, description="Folder of the engines' models; empty: models in DUBLINE_HOME"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="What the engines compute with; auto: a GPU where there is one"
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy URL; empty: SQLite in DUBLINE_HOME",
    )
    broker_url: SecretStr = Field(
        default=SecretStr(""),
        description="redis://...; empty: messages as files in DUBLINE_HOME",
    )

    storage_backend: Literal["local", "minio", "s3"] = Field(
        default="local", description="Where files are kept: local, minio, or s3 (AWS, R2, Supabase)"
    )
    minio_endpoint: str = Field(default="", description="host:port of the S3 service")
    minio_public_endpoint: str = Field(
        default="", description="host:port that clients reach it by, where that differs"
    )
    minio_access_key: SecretStr = Field(default=SecretStr(""), description="S3 access key")
    minio_secret_key: SecretStr = Field(default=SecretStr(""), description="S3 secret key")
    minio_bucket: str = Field(default="dubline", description="S3 bucket")
    minio_region: str = Field(default="us-east-1", description="S3 region")
    minio_secure: bool = Field(default=False, description="Use TLS towards the S3 service")

    s3_endpoint_url: str = Field(
        default="", description="URL of the S3 service, which may have a path; empty: AWS"
    )
    s3_region: str = Field(default="us-east-1", description="Region of the S3 service; R2: auto")
    s3_access_key: SecretStr = Field(default=SecretStr(""), description="Its access key")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="Its secret key")
    s3_bucket: str = Field(default="dubline", description="Its bucket")

    transcription_backend: Annotated[ProviderNames, NoDecode] = Field(
        default=("auto",),
        description="Who transcribes, in the order in which they are asked; auto: the best engine",
    )
    translation_backend: Annotated[ProviderNames, NoDecode] = Field(
        default=("auto",), description="Who translates, likewise"
    )
    tts_backend: Annotated[ProviderNames, NoDecode] = Field(
        default=("auto",), description="Who speaks, likewise"
    )

    openai_api_key: SecretStr = Field(default=SecretStr(""), description="OpenAI key")
    openai_url: str = Field(
        default="https://api.openai.com/v1",
        description="Base URL of OpenAI or of what speaks alike",
    )
    openai_model: str = Field(default="gpt-6-luna", description="OpenAI model that translates")
    prices_file: Path | None = Field(
        default=None, description="Prices of providers, TOML; empty: those Dubline knows"
    )
    assemblyai_api_key: SecretStr = Field(
        default=SecretStr(""), description="AssemblyAI's key; empty: assemblyai refuses"
    )
    assemblyai_url: str = Field(
        default="https://api.assemblyai.com",
        description="AssemblyAI's transcription; https://api.eu.assemblyai.com is in the EU",
    )
    assemblyai_tts_url: str = Field(
        default="https://tts.us.assemblyai.com",
        description="AssemblyAI's speech; https://tts.eu.assemblyai.com is in the EU",
    )
    assemblyai_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="What AssemblyAI proves itself by when it calls back; empty: it is polled",
    )
    deepgram_api_key: SecretStr = Field(
        default=SecretStr(""), description="Deepgram's key; empty: deepgram refuses"
    )
    deepgram_url: str = Field(
        default="https://api.deepgram.com", description="Deepgram, or its self-hosted server"
    )
    elevenlabs_api_key: SecretStr = Field(
        default=SecretStr(""), description="ElevenLabs' key; empty: elevenlabs refuses"
    )
    elevenlabs_url: str = Field(
        default="https://api.elevenlabs.io", description="ElevenLabs, or a residency of its own"
    )
    premium_voices: bool = Field(
        default=False, description="Let elevenlabs speak, at several times the others' price"
    )

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
    max_upload_bytes: int = Field(default=20 * 2**30, gt=0, description="Largest upload accepted")

    max_duration_s: float = Field(
        default=12 * 3600, gt=0, description="Longest recording accepted, seconds"
    )
    max_pixels: int = Field(
        default=8192 * 4320, gt=0, description="Largest picture accepted, pixels (8K by default)"
    )
    min_sample_rate: int = Field(
        default=4000, ge=1000, description="Lowest sample rate of sound accepted, Hz"
    )
    max_streams: int = Field(
        default=256, gt=0, description="Most streams of a recording, attachments among them"
    )
    max_lines: int = Field(default=30_000, gt=0, description="Most lines of a transcript")
    max_line_chars: int = Field(default=5000, gt=0, description="Most characters of one line")
    max_transcript_chars: int = Field(
        default=3_000_000, gt=0, description="Most characters of all lines of a transcript"
    )

    lease_s: float = Field(
        default=90, gt=0, description="A stage unheard of for this long is taken over, seconds"
    )
    heartbeat_s: float = Field(
        default=15, gt=0, description="How often a running stage renews its lease, seconds"
    )
    reconcile_s: float = Field(
        default=1, gt=0, description="How often the reconciler looks for work, seconds"
    )
    redispatch_s: float = Field(
        default=30, gt=0, description="A stage not claimed for this long is sent again, seconds"
    )
    max_attempts: int = Field(default=5, ge=1, description="Attempts at a stage before it is dead")
    stage_max_attempts: dict[Stage, PositiveInt] = Field(
        default_factory=dict,
        description='The same for single stages, as JSON: {"asr": 2}; others keep MAX_ATTEMPTS',
    )
    stage_limit_s: float = Field(
        default=12 * 3600, gt=0, description="Longest one attempt at a stage may take, seconds"
    )
    retry_base_s: float = Field(default=2, gt=0, description="First backoff, seconds")
    retry_max_s: float = Field(default=300, gt=0, description="Longest backoff, seconds")
    rate_limit_deadline_s: float = Field(
        default=3600, gt=0, description="Longest a stage waits for rate limits in a row, seconds"
    )
    keep_days: float = Field(
        default=30,
        ge=14,
        description="Days for which speech, translations and streams are kept after their last use",
    )
    provider_rates: dict[str, PositiveFloat] = Field(
        default_factory=dict,
        description='Calls a minute that a vendor allows, as JSON: {"deepgram": 300}; others: any',
    )
    worker_concurrency: int = Field(
        default_factory=count_cores,
        ge=1,
        description="Stages that one worker runs at a time; default: the number of cores",
    )
    log_format: Literal["console", "json"] = Field(default="console", description="Log format")

    @property
    def threads_per_stage(self) -> int:
        """How many threads a stage may compute with, so that all of a worker's share the cores."""
        return max(1, count_cores() // self.worker_concurrency)

    @property
    def media_limits(self) -> MediaLimits:
        """How much a recording may demand."""
        return MediaLimits(
            self.max_duration_s, self.max_pixels, self.min_sample_rate, self.max_streams
        )

    @property
    def text_limits(self) -> TextLimits:
        """How much a transcript may hold."""
        return TextLimits(self.max_lines, self.max_line_chars, self.max_transcript_chars)

    @property
    def models_folder(self) -> Path:
        """Where the engines' models are."""
        return self.models_dir or self.dubline_home / "models"

    @property
    def embedded(self) -> bool:
        """Whether the broker is a folder, so that everything runs on this one machine."""
        return not self.broker_url.get_secret_value()

    @property
    def providers(self) -> Mapping[ProviderKind, tuple[str, ...]]:
        """The providers that jobs may name, in the order in which they are asked."""
        return {
            ProviderKind.TRANSCRIPTION: self.transcription_backend,
            ProviderKind.TRANSLATION: self.translation_backend,
            ProviderKind.TTS: self.tts_backend,
        }

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url.get_secret_value() or (
            f"sqlite:///{self.dubline_home.resolve() / 'dubline.db'}"
        )

    @property
    def api_url(self) -> str:
        """The URL that clients reach the API by, without a trailing slash."""
        return self.public_url.rstrip("/") or format_url(self.api_host, self.api_port)


def format_url(host: str, port: int) -> str:
    """The URL of an API that listens there; an IPv6 address is put in brackets (RFC 3986)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _home_of_user() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise SettingsError(
            "DUBLINE_HOME: this user has no home folder; name one that Dubline may write to"
        ) from None


def load(**overrides: object) -> Settings:
    """Read the settings; raises `SettingsError` that names each setting that is wrong."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    _check_together(settings)
    return settings


def _explain(error: ValidationError) -> str:
    # The value stays out of the message: it may be a secret.
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )


LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")


def is_open(settings: Settings) -> bool:
    """Whether whoever reaches the API is its one user."""
    return settings.identity == "none"


def check_identity(settings: Settings) -> None:
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


def _check_together(settings: Settings) -> None:
    if settings.heartbeat_s * 2 > settings.lease_s:
        raise SettingsError("LEASE_S: must be at least twice HEARTBEAT_S, or live work is taken")
    secret = settings.assemblyai_webhook_secret.get_secret_value()
    if secret and len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"ASSEMBLYAI_WEBHOOK_SECRET: at least {SHORTEST_SECRET} characters, of your own making"
        )
    if secret and not settings.public_url:
        raise SettingsError("PUBLIC_URL: needed with ASSEMBLYAI_WEBHOOK_SECRET, to be called back")
    for name in NEEDED.get(settings.storage_backend, ()):
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            kind = settings.storage_backend
            raise SettingsError(f"{name.upper()}: needed when STORAGE_BACKEND is {kind}")
    _check_keys(settings)
    if not settings.embedded and settings.database.startswith("sqlite"):
        raise SettingsError("DATABASE_URL: a Redis broker needs Postgres, not SQLite")


def _check_keys(settings: Settings) -> None:
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
