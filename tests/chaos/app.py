"""The workers' app with providers that count what is bought: `celery -A tests.chaos.app`."""

from workers.app import app
from workers.providers import registry

for kind, name in (
    (registry.TRANSCRIBERS, "Transcriber"),
    (registry.TRANSLATORS, "Translator"),
    (registry.SYNTHESIZERS, "Synthesizer"),
):
    kind["stub"] = f"tests.chaos.vendor:{name}"

__all__ = ["app"]
