"""The providers by name: each is a file of this folder, made at its first use and then kept."""

from importlib import import_module
from threading import RLock
from typing import Any, cast

from backend.errors import Permanent
from backend.pipeline.providers import ProviderKind
from backend.process.start_errors import explain_import
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

    def _get(self, kind: ProviderKind, name: str) -> Any:
        with self._lock:
            if (kind, name) not in self._known:
                self._known[kind, name] = self._build(kind, name)
            return self._known[kind, name]

    def _build(self, kind: ProviderKind, name: str) -> Any:
        module, setting = f"workers.providers.{name}", f"{kind.upper()}_BACKEND"
        build = None
        try:
            build = getattr(import_module(module), BUILDERS[kind], None)
        except ImportError as error:
            if error.name != module:
                told = explain_import(error)
                raise Permanent(f"{setting}: {name} cannot be loaded: {told}") from error
        if build is None:
            enabled = ", ".join(self._settings.providers[kind])
            raise Permanent(f"There is no provider '{name}' for {kind}; {setting} names: {enabled}")
        return build(self._settings)
