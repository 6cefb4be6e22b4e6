"""Tells the API what the engines and vendors of this machine can do.

    python -m workers.offers

A worker starts it at its own start, and `dubline models` when it has changed something. It is a
process of its own: it loads every engine's library, which a worker that hears may never need.
"""

import os
import socket
from collections.abc import Iterable
from functools import cache
from typing import Any

import structlog
from babel.localedata import locale_identifiers

from backend.database import schema
from backend.database.errors import DatabaseFailure
from backend.documents.languages import get_base_language
from backend.errors import DublineError
from backend.jobs.offers import tell_offer
from backend.pipeline.offers import EngineOffer, Offer, OfferedVoice
from backend.pipeline.providers import ProviderKind, expand_names
from backend.settings import load
from backend.telemetry import logs
from backend.wiring import Parts
from workers.engines import Engines
from workers.interfaces.providers import (
    LanguageLister,
    Synthesizer,
    TargetLister,
    Transcriber,
    Translator,
)
from workers.providers.registry import ProviderRegistry

log = structlog.get_logger()

NICENESS = 10  # work comes first
# Of private use (ISO 639-2): who takes these takes any.
NO_LANGUAGES = ("qaa", "qab")
# Regions that have voices of their own.
REGIONS = ("en-GB", "en-US", "es-ES", "es-MX", "fr-CA", "pt-BR", "pt-PT", "zh-TW")


def main() -> None:
    """Look, and write down what was found."""
    os.nice(NICENESS)
    settings = load()
    logs.configure_logs(settings)
    db = Parts(settings).db
    try:
        if schema.is_current(db):  # a home that was never started has nobody to tell
            tell_offer(db, socket.gethostname(), build_offer(ProviderRegistry(settings), settings))
    except DatabaseFailure as error:
        log.warning("cannot tell what this machine can do", error=type(error).__name__)


def build_offer(engines: Engines, settings: Any) -> Offer:
    """What each provider that the settings name can do."""
    describe = {
        ProviderKind.TRANSCRIPTION: lambda name: _describe_transcriber(engines, name),
        ProviderKind.TRANSLATION: lambda name: _describe_translator(engines, name),
        ProviderKind.TTS: lambda name: _describe_synthesizer(engines, name),
    }
    return Offer(
        engines=tuple(
            _describe(kind, name, describe[kind])
            for kind, names in settings.providers.items()
            for name in expand_names(kind, names)
        )
    )


def _describe(kind: ProviderKind, name: str, describe: Any) -> EngineOffer:
    try:
        return EngineOffer(kind=kind, name=name, **describe(name))
    except DublineError as problem:
        return EngineOffer(kind=kind, name=name, problem=str(problem))


def _describe_transcriber(engines: Engines, name: str) -> dict[str, Any]:
    found = engines.get_transcriber(name)
    return {"remote": found.remote, "model": found.model, "languages": _list_heard(found)}


def _list_heard(found: Transcriber) -> tuple[str, ...] | None:
    if isinstance(found, LanguageLister):
        return tuple(found.list_languages())
    if _can(found.check, NO_LANGUAGES[0]):
        return None
    return tuple(tag for tag in list_languages() if _can(found.check, tag))


def _describe_translator(engines: Engines, name: str) -> dict[str, Any]:
    found = engines.get_translator(name)
    known = {"remote": found.remote, "model": found.model}
    targets = _list_targets(found)
    return {**known, "languages": None if targets is None else tuple(targets), "targets": targets}


def _list_targets(found: Translator) -> dict[str, tuple[str, ...]] | None:
    if not isinstance(found, TargetLister):
        return None
    listed = {tag: tuple(found.list_targets(tag)) for tag in list_languages()}
    return {tag: targets for tag, targets in listed.items() if targets}


def _describe_synthesizer(engines: Engines, name: str) -> dict[str, Any]:
    found = engines.get_synthesizer(name)
    voices = {tag: _list_voices(found, tag) for tag in (*list_languages(), *REGIONS)}
    spoken = {tag: offered for tag, offered in voices.items() if offered}
    own = {tag: offered for tag, offered in spoken.items() if _is_own(tag, spoken)}
    known = {"remote": found.remote, "model": found.model}
    return {**known, "languages": tuple(own), "voices": own}


def _is_own(tag: str, spoken: dict[str, Any]) -> bool:
    """Whether a region has other voices than its language."""
    base = get_base_language(tag)
    return tag == base or spoken[tag] != spoken.get(base)


def _list_voices(found: Synthesizer, tag: str) -> tuple[OfferedVoice, ...]:
    try:
        voices = found.list_voices(tag)
    except DublineError:
        return ()
    return tuple(OfferedVoice(name=one.name, pitch=one.pitch.name.lower()) for one in voices)


def _can(check: Any, *tags: str) -> bool:
    try:
        check(*tags)
    except DublineError:
        return False
    return True


@cache
def list_languages() -> tuple[str, ...]:
    """The languages that anybody might know, as base tags."""
    named: Iterable[str] = (identifier.partition("_")[0] for identifier in locale_identifiers())
    return tuple(sorted({tag for tag in named if tag.isalpha() and tag not in ("root", "und")}))


if __name__ == "__main__":
    main()
