"""What is found of the engines, and when it is enough."""

from dataclasses import dataclass, field

from backend.errors import Permanent
from backend.pipeline.providers import ProviderKind
from workers.engines import inspect_engines, inspect_languages, is_usable
from workers.machine_checks import Finding


@dataclass
class Toy:
    """An engine that knows some languages."""

    name: str
    known: set[str] = field(default_factory=set)

    @property
    def model(self) -> str:
        return f"{self.name}-1"

    def check(self, _source: str, target: str) -> None:
        self.list_voices(target)

    def list_voices(self, language: str) -> None:
        if language not in self.known:
            raise Permanent(f"{self.name} does not know {language}")


class House:
    """Has these engines and no others."""

    def __init__(self, **known: set[str]) -> None:
        self._known = known

    def get(self, name: str) -> Toy:
        if name not in self._known:
            raise Permanent(f"{name} is not here: install it")
        return Toy(name, self._known[name])

    get_transcriber = get_translator = get_synthesizer = get


WHOLE = {"pocketsphinx": set(), "firefox": {"pt"}, "apertium": {"es", "pt"}, "espeak": {"es", "pt"}}


def details(found: list[Finding]) -> dict[str, tuple[bool, str]]:
    return {one.subject: (one.works, one.detail) for one in found}


def test_languages_are_told_with_the_best_engines_for_them_or_with_what_to_install():
    found = details(inspect_languages(House(**WHOLE)))
    assert found["English to Spanish (es)"] == (True, "apertium, espeak")
    assert found["English to Portuguese (pt)"] == (True, "firefox, espeak")
    assert found["English to Catalan (ca)"] == (False, "apt-get install apertium-eng-cat")


def test_a_language_that_cannot_be_spoken_does_not_work():
    found = details(inspect_languages(House(**WHOLE | {"espeak": {"es"}})))
    assert found["English to Portuguese (pt)"] == (False, "apt-get install espeak-ng")


def test_every_engine_is_told_and_what_it_lacks():
    found = inspect_engines(House(**WHOLE))
    assert details(found[ProviderKind.TTS]) == {
        "Speaks: kokoro": (False, "kokoro is not here: install it"),
        "Speaks: piper": (False, "piper is not here: install it"),
        "Speaks: espeak": (True, "espeak-1"),
    }


def test_one_language_is_enough_but_every_kind_of_work_needs_an_engine():
    assert is_usable_in(House(**WHOLE))
    assert not is_usable_in(House(**WHOLE | {"espeak": set()}))
    assert not is_usable_in(House(firefox={"pt"}, espeak={"pt"}))


def is_usable_in(house: House) -> bool:
    return is_usable(inspect_engines(house), inspect_languages(house))
