"""Every setting of Dubline, read from the environment (or a `.env` file) and checked at start."""

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from backend.settings.checks import check_together
from backend.settings.durability import DurabilitySettings
from backend.settings.errors import SettingsError
from backend.settings.limits import LimitSettings
from backend.settings.providers import ProviderSettings
from backend.settings.server import ServerSettings
from backend.settings.storage import StorageSettings

__all__ = ["Settings", "SettingsError", "load"]


class Settings(
    DurabilitySettings, LimitSettings, ServerSettings, ProviderSettings, StorageSettings
):
    """Without any setting Dubline runs embedded: SQLite, files on disk, a broker in a folder."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)


def load(**overrides: object) -> Settings:
    """Read the settings; raises `SettingsError` that names each setting that is wrong."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    check_together(settings)
    return settings


def _explain(error: ValidationError) -> str:
    # The value stays out of the message: it may be a secret.
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )
