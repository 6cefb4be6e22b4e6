"""The providers by name, each made at its first use and then kept."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, cast

from backend.errors import Permanent
from workers.interfaces.providers import Synthesizer, Transcriber, Translator

TRANSCRIBERS = {
    "local": "workers.providers.pocketsphinx:PocketSphinx",
    "stub": "workers.providers.stub:StubTranscriber",
}
TRANSLATORS = {
    "local": "workers.providers.apertium:Apertium",
    "stub": "workers.providers.stub:StubTranslator",
}
SYNTHESIZERS = {
    "local": "workers.providers.espeak:Espeak",
    "stub": "workers.providers.stub:StubSynthesizer",
}


@cache
def transcriber(name: str) -> Transcriber:
    """The transcriber of that name; raises `Permanent` for an unknown one."""
    return cast("Transcriber", _made(TRANSCRIBERS, name, "TRANSCRIPTION_BACKEND"))


@cache
def translator(name: str) -> Translator:
    """The translator of that name; raises `Permanent` for an unknown one."""
    return cast("Translator", _made(TRANSLATORS, name, "TRANSLATION_BACKEND"))


@cache
def synthesizer(name: str) -> Synthesizer:
    """The synthesiser of that name; raises `Permanent` for an unknown one."""
    return cast("Synthesizer", _made(SYNTHESIZERS, name, "TTS_BACKEND"))


def _made(known: Mapping[str, str], name: str, setting: str) -> Any:
    if name not in known:
        raise Permanent(f"{setting}: there is no provider '{name}'; known: {', '.join(known)}")
    module, _, made = known[name].partition(":")
    return getattr(import_module(module), made)()
