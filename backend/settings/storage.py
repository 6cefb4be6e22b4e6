"""Where everything is kept: folders, database, broker, objects."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from backend.settings.errors import SettingsError


class StorageSettings(BaseSettings):
    """URLs are secrets because they may carry passwords; their repr is redacted."""

    dubline_home: Path = Field(
        default_factory=lambda: _home_of_user() / ".dubline",
        description="Folder of the embedded database, broker and files",
    )
    models_dir: Path | None = Field(
        default=None, description="Folder of the engines' models; empty: models in DUBLINE_HOME"
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
    keep_days: float = Field(
        default=30,
        ge=14,
        description="Days for which speech, translations and streams are kept after their last use",
    )

    @property
    def models_folder(self) -> Path:
        """Where the engines' models are."""
        return self.models_dir or self.dubline_home / "models"

    @property
    def embedded(self) -> bool:
        """Whether the broker is a folder, so that everything runs on this one machine."""
        return not self.broker_url.get_secret_value()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url.get_secret_value() or (
            f"sqlite:///{self.dubline_home.resolve() / 'dubline.db'}"
        )


def _home_of_user() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise SettingsError(
            "DUBLINE_HOME: this user has no home folder; name one that Dubline may write to"
        ) from None
