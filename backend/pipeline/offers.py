"""What the engines and vendors of an installation can do, and whether that is what a job needs."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from backend.documents.languages import DETECT, get_base_language, get_name
from backend.errors import Invalid
from backend.pipeline.params import JobParams
from backend.pipeline.plan import Place, list_places
from backend.pipeline.providers import ProviderKind
from backend.pipeline.stages import Stage


class OfferedVoice(BaseModel):
    """A voice: its name, and how high it is (`low`, `middle`, `high`)."""

    model_config = ConfigDict(frozen=True)

    name: str
    pitch: str


class EngineOffer(BaseModel):
    """What an engine or vendor can do; `problem` is why it can do nothing.

    `languages` are those that it hears, or translates from; None: any. `targets` are those that it
    translates each into; None: any. `voices` are those by language that it speaks with.
    """

    model_config = ConfigDict(frozen=True)

    kind: ProviderKind
    name: str
    remote: bool = False
    model: str | None = None
    problem: str | None = None
    languages: tuple[str, ...] | None = ()
    targets: Mapping[str, tuple[str, ...]] | None = None
    voices: Mapping[str, tuple[OfferedVoice, ...]] = {}

    def hears(self, language: str) -> bool:
        """Whether it transcribes this language."""
        known = self.languages is None or _matches(language, self.languages)
        return self.problem is None and (language == DETECT or known)

    def translates(self, source: str, target: str) -> bool:
        """Whether it translates from one into the other; from any where the source is not known."""
        if self.problem is not None:
            return False
        if self.targets is None:
            return True
        return any(
            _matches(target, targets)
            for own, targets in self.targets.items()
            if source == DETECT or _matches(source, (own,))
        )

    def list_voices(self, language: str) -> tuple[OfferedVoice, ...]:
        """Its voices for a language, those of its region first."""
        if self.problem is not None:
            return ()
        return self.voices.get(language) or self.voices.get(get_base_language(language), ())


class Offer(BaseModel):
    """What a worker, or all of them, can do."""

    model_config = ConfigDict(frozen=True)

    engines: tuple[EngineOffer, ...] = ()

    def select(self, kind: ProviderKind, names: Collection[str]) -> list[EngineOffer]:
        """Those of one kind that have these names."""
        return [one for one in self.engines if one.kind is kind and one.name in names]


def merge_offers(offers: Iterable[Offer]) -> Offer:
    """What workers can do between them: of an engine, what it does where it does most."""
    best: dict[tuple[ProviderKind, str], EngineOffer] = {}
    for one in (engine for offer in offers for engine in offer.engines):
        known = best.get((one.kind, one.name))
        if known is None or _measure(one) > _measure(known):
            best[one.kind, one.name] = one
    return Offer(engines=tuple(best.values()))


def list_voiced_languages(offer: Offer) -> list[str]:
    """The languages that have voices, and regions that have some of their own."""
    return sorted({tag for one in offer.engines for tag in one.voices})


def list_works(offer: Offer) -> dict[str, dict[str, Any]]:
    """By language who hears it, translates into it and speaks it, and what that makes of it."""
    engines = [one for one in offer.engines if one.problem is None]
    tags = {tag for one in engines for tag in one.languages or ()}
    tags |= {tag for one in engines for into in (one.targets or {}).values() for tag in into}
    hears = {tag: _list_hearing(engines, tag) for tag in sorted(tags)}
    heard = [tag for tag, names in hears.items() if names]
    return {tag: _describe_works(engines, tag, hears[tag], heard) for tag in hears}


def _describe_works(
    engines: Iterable[EngineOffer], tag: str, hears: list[str], heard: Collection[str]
) -> dict[str, Any]:
    translates = [one.name for one in engines if _translates_any(one, heard, tag)]
    speaks = [one.name for one in engines if one.list_voices(tag)]
    return {
        "transcription": hears,
        "translation": translates,
        "tts": speaks,
        "source": bool(hears),
        "target": bool(translates and speaks),
    }


def _list_hearing(engines: Iterable[EngineOffer], tag: str) -> list[str]:
    mine = (one for one in engines if one.kind is ProviderKind.TRANSCRIPTION)
    return [one.name for one in mine if one.hears(tag)]


def _translates_any(one: EngineOffer, sources: Iterable[str], target: str) -> bool:
    base = get_base_language(target)
    return one.kind is ProviderKind.TRANSLATION and any(
        get_base_language(source) != base and one.translates(source, target) for source in sources
    )


def check_job(offer: Offer, params: JobParams, given: Collection[Place]) -> None:
    """Raise `Invalid` for what nobody here can do; an offer that tells of nobody refuses nothing.

    `params` are normalised; `given` is what the user brings, which nobody has to do.
    """
    if not offer.engines:
        return
    checks = {Stage.ASR: _check_hearing, Stage.MT: _check_translating, Stage.TTS: _check_speaking}
    for place in list_places(params, params.target_languages):
        stage, language = place
        if place not in given and stage in checks:
            checks[stage](offer, params, language)


def check_voice(offer: Offer, language: str, voice: str) -> None:
    """Raise `Invalid` for a voice that nobody here has for this language."""
    known = {one.name for engine in offer.engines for one in engine.list_voices(language)}
    if known and voice not in known:
        raise Invalid("voice", f"there is no voice '{voice}' for it; {_format_known(known)}")


def _check_hearing(offer: Offer, params: JobParams, _: str) -> None:
    engines = _select_working(offer, ProviderKind.TRANSCRIPTION, params.providers.transcription)
    if not any(one.hears(params.source_language) for one in engines):
        known = {tag for one in engines for tag in one.languages or ()}
        raise Invalid(
            "sourceLanguage",
            f"nobody here understands {_name(params.source_language)}; {_format_known(known)}",
        )


def _check_translating(offer: Offer, params: JobParams, language: str) -> None:
    engines = _select_working(offer, ProviderKind.TRANSLATION, params.providers.translation)
    source = params.source_language
    if not any(one.translates(source, language) for one in engines):
        known = {tag for one in engines for tags in (one.targets or {}).values() for tag in tags}
        known = {tag for tag in known if any(one.translates(source, tag) for one in engines)}
        origin = "" if source == DETECT else f" from {_name(source)}"
        told = f"nobody here translates{origin} into {_name(language)}; {_format_known(known)}"
        raise Invalid("targetLanguages", told)


def _check_speaking(offer: Offer, params: JobParams, language: str) -> None:
    engines = _select_working(offer, ProviderKind.TTS, params.providers.tts)
    offered = [{one.name for one in engine.list_voices(language)} for engine in engines]
    if not any(offered):
        known = {tag for engine in engines for tag in engine.voices}
        raise Invalid(
            "targetLanguages", f"nobody here speaks {_name(language)}; {_format_known(known)}"
        )
    # One engine speaks all lines of a language, so that it has to have all voices that are named.
    if not any(names >= set(params.voices.values()) for names in offered):
        known = set().union(*offered)
        wanted = ", ".join(sorted(set(params.voices.values()) - known or params.voices.values()))
        told = f"nobody speaks {_name(language)} as {wanted}; {_format_known(known)}"
        raise Invalid("voices", told)


def _select_working(offer: Offer, kind: ProviderKind, names: Collection[str]) -> list[EngineOffer]:
    named = offer.select(kind, names)
    working = [one for one in named if one.problem is None]
    if named and not working:
        reasons = "; ".join(f"{one.name}: {one.problem}" for one in named)
        raise Invalid(f"providers.{kind}", f"none of them works here: {reasons}")
    return working


def _matches(language: str, known: Collection[str]) -> bool:
    """A region that is not known counts as its language, as all engines have it."""
    return language in known or get_base_language(language) in map(get_base_language, known)


def _name(language: str) -> str:
    return f"{get_name(language)} ({language})"


def _format_known(known: Iterable[str]) -> str:
    return f"there is: {', '.join(sorted(known)) or 'nothing'}"


def _measure(one: EngineOffer) -> tuple[bool, bool, int]:
    unlimited = one.languages is None or (
        one.kind is ProviderKind.TRANSLATION and one.targets is None
    )
    return one.problem is None, unlimited, len(one.languages or ()) + len(one.voices)
