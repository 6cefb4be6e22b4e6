"""The vendors of speech: their keys, their models, and when these end."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import SecretStr

from backend.errors import Refused
from backend.pipeline.providers import ProviderKind
from backend.settings import Settings

ASR, TTS = ProviderKind.TRANSCRIPTION, ProviderKind.TTS

# As one copies it from the vendor's page: no space, no quote, no line break, no placeholder.
KEY = re.compile(r"[A-Za-z0-9_.\-]{16,}")


@dataclass(frozen=True)
class Vendor:
    """The setting that holds its key, and the models that are asked for each kind of work."""

    key: str
    models: Mapping[ProviderKind, tuple[str, ...]]


VENDORS: Mapping[str, Vendor] = {
    "assemblyai": Vendor(
        "assemblyai_api_key",
        {ASR: ("assemblyai-stt-3-7", "universal-2"), TTS: ("assemblyai-tts-1",)},
    ),
    "deepgram": Vendor("deepgram_api_key", {ASR: ("nova-3",), TTS: ("aura-2", "flux")}),
    "elevenlabs": Vendor(
        "elevenlabs_api_key", {ASR: ("scribe_v2",), TTS: ("eleven_multilingual_v2",)}
    ),
    "openai_speech": Vendor("openai_api_key", {ASR: ("whisper-1",), TTS: ("tts-1",)}),
}

# The last days that vendors have announced, as of 2026-11-25.
ENDS: Mapping[str, date] = {
    "tts-1": date(2027, 1, 6),
    "whisper-1": date(2027, 2, 26),
}
WARN_BEFORE = timedelta(days=180)


def read_key(settings: Settings, name: str) -> str:
    """The vendor's key; raises `Refused` that names the setting where it cannot be one."""
    setting = VENDORS[name].key
    secret: SecretStr = getattr(settings, setting)
    key = secret.get_secret_value()
    if not key:
        raise Refused(f"{name} needs a key: set {setting.upper()}")
    if not KEY.fullmatch(key):
        raise Refused(f"{setting.upper()} is no key: copy it again, without quotes or spaces")
    return key


def list_warnings(settings: Settings, today: date) -> Iterator[str]:
    """What is wrong, or soon will be, with the vendors that the settings name."""
    for name, kinds in _list_used(settings).items():
        try:
            read_key(settings, name)
        except Refused as problem:
            yield str(problem)
        for kind in kinds:
            yield from _list_endings(name, kind, today)


def _list_used(settings: Settings) -> Mapping[str, list[ProviderKind]]:
    used = {
        name: [kind for kind in vendor.models if name in settings.providers[kind]]
        for name, vendor in VENDORS.items()
    }
    return {name: kinds for name, kinds in used.items() if kinds}


def _list_endings(name: str, kind: ProviderKind, today: date) -> Iterator[str]:
    for model in VENDORS[name].models[kind]:
        end = ENDS.get(model)
        if end and today >= end - WARN_BEFORE:
            verb = "ends" if today <= end else "ended"
            yield (
                f"{name}: {model} {verb} on {end}; name another provider in {kind.upper()}_BACKEND"
            )
