"""The providers by name: each is a file of this folder, made at its first use and then kept."""

from importlib import import_module
from threading import RLock
from typing import Any, cast

from backend.errors import Permanent
from backend.pipeline.providers import ProviderKind, resolve_name
from backend.settings import Settings
from workers.interfaces.providers import Synthesizer, Transcriber, Translator

BUILDERS = {
    ProviderKind.TRANSCRIPTION: "build_transcriber",
    ProviderKind.TRANSLATION: "build_translator",
    ProviderKind.TTS: "build_synthesizer",
}


class ProviderRegistry:
    """Hands the settings to the file of a provider; raises `Permanent` where there is none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[tuple[ProviderKind, str], Any] = {}
        self._lock = RLock()  # two stages that begin at once load a model once

    def get_transcriber(self, name: str) -> Transcriber:
        """The transcriber of that name."""
        return cast("Transcriber", self._get(ProviderKind.TRANSCRIPTION, name))

    def get_translator(self, name: str) -> Translator:
        """The translator of that name."""
        return cast("Translator", self._get(ProviderKind.TRANSLATION, name))

    def get_synthesizer(self, name: str) -> Synthesizer:
        """The synthesiser of that name."""
        return cast("Synthesizer", self._get(ProviderKind.TTS, name))

    def _get(self, kind: ProviderKind, alias: str) -> Any:
        name = resolve_name(kind, alias)
        with self._lock:
            if (kind, name) not in self._known:
                self._known[kind, name] = self._build(kind, name)
            return self._known[kind, name]

    def _build(self, kind: ProviderKind, name: str) -> Any:
        module = f"workers.providers.{name}"
        try:
            build = getattr(import_module(module), BUILDERS[kind])
        except (ModuleNotFoundError, AttributeError) as error:
            if isinstance(error, ModuleNotFoundError) and error.name != module:
                raise
            enabled = ", ".join(self._settings.providers[kind])
            setting = f"{kind.upper()}_BACKEND"
            raise Permanent(
                f"There is no provider '{name}' for {kind}; {setting} names: {enabled}"
            ) from None
        return build(self._settings)
