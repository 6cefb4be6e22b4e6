"""What the local engines can do on this machine, and what to install for more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backend.documents import languages
from backend.errors import DublineError
from workers.machine_checks import Finding
from workers.providers import apertium, espeak
from workers.providers.apertium import Modes
from workers.providers.pocketsphinx import PocketSphinx

SOURCE = "en"  # what the local transcriber understands


@dataclass(frozen=True)
class Engines:
    """What was found of each engine: its version, or the reason why it cannot be used."""

    transcriber: Finding
    translator: Finding
    synthesizer: Finding
    modes: Modes
    voices: Mapping[str, str]


def inspect_engines() -> Engines:
    """Ask each engine for its version and its languages."""
    translator = _inspect_engine("Translation", lambda: apertium.Apertium().model)
    synthesizer = _inspect_engine("Speech", lambda: espeak.Espeak().model)
    return Engines(
        transcriber=_inspect_engine("Transcription", lambda: PocketSphinx().model),
        translator=translator,
        synthesizer=synthesizer,
        modes=apertium.list_modes() if translator.works else {},
        voices=espeak.list_voices() if synthesizer.works else {},
    )


def list_findings(engines: Engines) -> list[Finding]:
    """The engines, then every language that can be dubbed into or could be."""
    ready = apertium.list_reachable(engines.modes, SOURCE)
    possible = [tag for tag in apertium.PACKAGES if tag not in ready]
    return [
        engines.transcriber,
        engines.translator,
        engines.synthesizer,
        *(_inspect_language(tag, engines) for tag in sorted([*ready, *possible])),
    ]


def is_usable(found: Sequence[Finding]) -> bool:
    """Whether every engine works, and at least one language."""
    engines, pairs = found[:3], found[3:]
    return all(one.works for one in engines) and any(one.works for one in pairs)


def _inspect_engine(subject: str, model: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, works=True, detail=model())
    except DublineError as error:
        return Finding(subject, works=False, detail=str(error))


def _inspect_language(tag: str, engines: Engines) -> Finding:
    subject = f"{languages.get_name(SOURCE)} to {languages.get_name(tag)} ({tag})"
    way = apertium.find_route(engines.modes, SOURCE, tag)
    voice = espeak.choose_voice(engines.voices, tag)
    if way is None:
        return Finding(subject, works=False, detail=f"apt-get install {apertium.PACKAGES[tag]}")
    if voice is None:
        detail = "no voice" if engines.voices else f"apt-get install {espeak.PACKAGE}"
        return Finding(subject, works=False, detail=detail)
    return Finding(subject, works=True, detail=f"{', '.join(way)}; voice {voice}")
