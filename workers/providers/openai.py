"""OpenAI, or a service that speaks alike (OPENAI_URL)."""

from backend.settings import Settings
from workers.interfaces.providers import Shortener
from workers.providers.openai_translation import OpenAITranslator


def build_translator(settings: Settings) -> Shortener:
    """See `workers.providers.registry`."""
    return OpenAITranslator(settings)
