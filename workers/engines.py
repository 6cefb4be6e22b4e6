"""What the engines of this machine can do, and what to install for more."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from backend.documents import languages
from backend.errors import DublineError, Permanent
from backend.pipeline.providers import ENGINES, ProviderKind
from workers.calls.choice import ProviderChoice
from workers.interfaces.providers import Provider, Synthesizer, Transcriber, Translator
from workers.machine_checks import Finding
from workers.models.catalogue import load_catalogue
from workers.providers import apertium, espeak

SOURCE = "en"  # what every transcriber understands
WORK = {
    ProviderKind.TRANSCRIPTION: "Hears",
    ProviderKind.TRANSLATION: "Translates",
    ProviderKind.TTS: "Speaks",
}


class Engines(Protocol):
    """Gives providers by name, as `ProviderRegistry` does."""

    def get_transcriber(self, name: str) -> Transcriber:
        """The transcriber of that name."""

    def get_translator(self, name: str) -> Translator:
        """The translator of that name."""

    def get_synthesizer(self, name: str) -> Synthesizer:
        """The synthesiser of that name."""


def inspect_engines(engines: Engines) -> dict[ProviderKind, list[Finding]]:
    """Ask each engine for its version."""
    finds: dict[ProviderKind, Callable[[str], Provider]] = {
        ProviderKind.TRANSCRIPTION: engines.get_transcriber,
        ProviderKind.TRANSLATION: engines.get_translator,
        ProviderKind.TTS: engines.get_synthesizer,
    }
    return {
        kind: [_inspect_engine(f"{WORK[kind]}: {name}", finds[kind], name) for name in names]
        for kind, names in ENGINES.items()
    }


def inspect_languages(engines: Engines) -> list[Finding]:
    """Every language that can be dubbed into, or could be with what Debian or the catalogue has."""
    return [_inspect_language(tag, engines) for tag in sorted(set(_list_possible()))]


def is_usable(found: dict[ProviderKind, list[Finding]], pairs: Sequence[Finding]) -> bool:
    """Whether there is an engine for each kind of work, and at least one language."""
    return all(any(one.works for one in kind) for kind in found.values()) and any(
        one.works for one in pairs
    )


def _inspect_engine(subject: str, find: Callable[[str], Provider], name: str) -> Finding:
    try:
        return Finding(subject, works=True, detail=find(name).model)
    except DublineError as error:
        return Finding(subject, works=False, detail=str(error))


def _list_possible() -> Iterator[str]:
    yield from apertium.PACKAGES
    with suppress(Permanent):  # an engine that is missing was told of
        yield from apertium.list_reachable(apertium.list_modes(), SOURCE)
    for model in load_catalogue().values():
        if model.kind is ProviderKind.TRANSLATION and model.languages[0] == SOURCE:
            yield model.languages[1]


def _inspect_language(tag: str, engines: Engines) -> Finding:
    subject = f"{languages.get_name(SOURCE)} to {languages.get_name(tag)} ({tag})"
    translators = ProviderChoice(
        ENGINES[ProviderKind.TRANSLATION],
        engines.get_translator,
        lambda translator: translator.check(SOURCE, tag),
    )
    synthesizers = ProviderChoice(
        ENGINES[ProviderKind.TTS],
        engines.get_synthesizer,
        lambda synthesizer: synthesizer.list_voices(tag),
    )
    try:
        chosen = f"{translators.get_first().name}, {synthesizers.get_first().name}"
    except Permanent as problem:
        return Finding(subject, works=False, detail=_find_remedy(tag, translators) or str(problem))
    return Finding(subject, works=True, detail=chosen)


def _find_remedy(tag: str, translators: ProviderChoice[Translator]) -> str | None:
    if len(translators.problems) < len(translators.names):
        return f"apt-get install {espeak.PACKAGE}"
    package = apertium.PACKAGES.get(tag)
    return f"apt-get install {package}" if package else None
