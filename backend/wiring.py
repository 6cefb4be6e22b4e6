"""The one place where database, storage and dispatcher are built from the settings."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING

from backend.database.engine import Database
from backend.errors import NotFound
from backend.limits.ledgers import DatabaseLedger, RedisLedger, Throttles
from backend.pipeline.prices import PriceList, load_prices
from backend.pipeline.retry import RetryPolicy
from backend.pipeline.stages import Stage
from backend.process.scratch import Scratch
from backend.settings import Settings
from backend.storage.base import BlobStore
from backend.storage.local import LocalStore
from backend.storage.signing import Signer

# What only some settings or roles need is imported where it is built: it costs a second.
if TYPE_CHECKING:
    from redis import Redis

    from backend.broker.dispatch import Dispatcher
    from backend.identity.access_tokens import AccessTokens
    from backend.identity.accounts import Accounts
    from backend.identity.authenticate import Authenticator
    from backend.identity.mail import Mailer
    from backend.jobs.watch import JobWatch
    from backend.storage.minio import MinioStore, S3Options
    from backend.storage.s3 import S3Store
    from backend.uploads.verify import Verifier

# Of two scratch folders that threads made at once, one would lose its lock and be swept away.
_BUILDING = Lock()


@dataclass(frozen=True)
class Parts:
    """What the API, the reconciler and the workers are made of; each is built at first use."""

    settings: Settings

    @cached_property
    def _scratch(self) -> Scratch:
        return Scratch(self.settings.dubline_home / "scratch")

    @cached_property
    def db(self) -> Database:
        """The database."""
        self.settings.dubline_home.mkdir(parents=True, exist_ok=True)
        return Database(self.settings.database)

    @cached_property
    def store(self) -> BlobStore:
        """The store of uploads and artifacts."""
        if self.settings.storage_backend == "local":
            return self.local_store
        store = build_remote_store(self.settings)
        store.ensure_bucket()
        return store

    @cached_property
    def prices(self) -> PriceList:
        """What providers charge."""
        return load_prices(self.settings.prices_file)

    @cached_property
    def local_store(self) -> LocalStore:
        """The store on disk, whose signed URLs the API itself serves."""
        root = self.settings.dubline_home / "files"
        return LocalStore(root, self.settings.api_url, _read_secret_key(self.settings))

    @cached_property
    def job_watch(self) -> "JobWatch":
        """Looks at the jobs that clients follow."""
        from backend.jobs.watch import JobWatch

        return JobWatch(self.db)

    @cached_property
    def verifier(self) -> "Verifier":
        """Looks into files that were sent."""
        from backend.uploads.content import UploadLimits
        from backend.uploads.verify import Verifier

        settings = self.settings
        return Verifier(
            self.db,
            self.store,
            self.scratch,
            UploadLimits(settings.media_limits, settings.text_limits),
            text_allowed="stub" in settings.transcription_backend,
        )

    @cached_property
    def playlist_links(self) -> Signer:
        """Signs the URLs of HLS playlists, whichever store has the files."""
        return Signer(_read_secret_key(self.settings), "playlist")

    @cached_property
    def access_tokens(self) -> "AccessTokens":
        """Makes and verifies the tokens of those who have logged in here."""
        from backend.identity.access_tokens import AccessTokens

        return AccessTokens(_read_secret_key(self.settings))

    @cached_property
    def authenticator(self) -> "Authenticator":
        """Tells who sends a request."""
        from backend.identity.authenticate import Authenticator
        from backend.identity.supabase import SupabaseTokens

        settings, supabase = self.settings, None
        if settings.identity == "supabase":
            secret = settings.supabase_jwt_secret.get_secret_value()
            supabase = SupabaseTokens(settings.supabase_issuer, settings.supabase_audience, secret)
        return Authenticator(self.db, self.access_tokens, supabase)

    @cached_property
    def accounts(self) -> "Accounts":
        """The accounts that are kept here; raises `NotFound` where none are."""
        from backend.identity.accounts import Accounts

        if self.settings.identity != "accounts":
            raise NotFound(f"This server keeps no accounts: IDENTITY is {self.settings.identity}")
        return Accounts(self.db, self.access_tokens, self.mailer, self.settings.app_url.rstrip("/"))

    @cached_property
    def mailer(self) -> "Mailer":
        """Sends mails to users."""
        from backend.identity.mail import BackgroundMailer, LogMailer, SmtpMailer

        url = self.settings.smtp_url.get_secret_value()
        if not url:
            return LogMailer(show_text=self.settings.embedded)
        return BackgroundMailer(SmtpMailer(url, self.settings.mail_from))

    @cached_property
    def dispatcher(self) -> "Dispatcher":
        """Publishes stages to the broker."""
        from celery import Celery

        from backend.broker.dispatch import Dispatcher

        app = Celery("dubline", set_as_current=False)
        app.config_from_object("celeryconfig")
        # A request must not wait for a broker that is down or hangs: the relay sends again.
        fast = {"max_retries": 0, "socket_timeout": 0.5}
        app.conf.broker_transport_options = app.conf.broker_transport_options | fast
        if self.settings.embedded:
            make_broker_folders(self.settings)
        return Dispatcher(app)

    @property
    def scratch(self) -> Path:
        """A folder for this process's temporary files; it may get as large as the media."""
        with _BUILDING:
            return self._scratch.folder

    @cached_property
    def throttles(self) -> Throttles:
        """Where workers agree on how fast they call each provider."""
        if self.settings.embedded:
            return Throttles(DatabaseLedger(self.db), self.settings.provider_rates)
        return Throttles(RedisLedger(self.redis), self.settings.provider_rates)

    @cached_property
    def redis(self) -> "Redis":
        """The broker, for what is kept there besides messages."""
        from redis import Redis

        url = self.settings.broker_url.get_secret_value()
        return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=0.5)

    def build_retry_policy(self, stage: Stage) -> RetryPolicy:
        """How a failed stage is tried again."""
        return RetryPolicy(
            max_attempts=self.settings.stage_max_attempts.get(stage, self.settings.max_attempts),
            base=self.settings.retry_base_s,
            longest=self.settings.retry_max_s,
            deadline=self.settings.rate_limit_deadline_s,
        )


def make_broker_folders(settings: Settings) -> None:
    """Make the folders that the embedded broker's messages go through."""
    for name in ("queue", "control"):
        (settings.dubline_home / "broker" / name).mkdir(parents=True, exist_ok=True)


def build_remote_store(settings: Settings) -> "MinioStore | S3Store":
    """The store of the S3 service that the settings name, by the client for its kind."""
    if settings.storage_backend == "minio":
        from backend.storage.minio import MinioStore

        return MinioStore(build_s3_options(settings))
    from backend.storage.s3 import S3Account, S3Store

    return S3Store(
        S3Account(
            url=settings.s3_endpoint_url,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
            bucket=settings.s3_bucket,
            region=settings.s3_region,
        )
    )


def build_s3_options(settings: Settings) -> "S3Options":
    """What the settings say of the S3 service."""
    from backend.storage.minio import S3Options

    return S3Options(
        endpoint=settings.minio_endpoint,
        public_endpoint=settings.minio_public_endpoint,
        access_key=settings.minio_access_key.get_secret_value(),
        secret_key=settings.minio_secret_key.get_secret_value(),
        bucket=settings.minio_bucket,
        region=settings.minio_region,
        secure=settings.minio_secure,
    )


def _read_secret_key(settings: Settings) -> str:
    given = settings.secret_key.get_secret_value()
    return given or _load_or_create_secret(settings.dubline_home / "secret_key")


def _load_or_create_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of threads and processes that start together one keeps its key, and all read that one, whole.
    with NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.") as own:
        own.write(secrets.token_urlsafe(32))
        own.flush()
        with suppress(FileExistsError):
            os.link(own.name, path)
    return path.read_text()
