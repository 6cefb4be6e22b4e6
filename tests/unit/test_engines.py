"""What is found of the engines, and when it is enough."""

from workers.engines import Engines, is_usable, list_findings
from workers.machine_checks import Finding

FINE = Finding("Engine", works=True, detail="engine-1")
MODES = {("en", "es"): "eng-spa", ("es", "pt"): "es-pt", ("es", "en"): "spa-eng"}


def engines(modes=MODES, voices=None, engine=FINE) -> Engines:
    spoken = {"es": "es", "pt": "pt"} if voices is None else voices
    return Engines(FINE, engine, FINE, modes, spoken)


def details(found: list[Finding]) -> dict[str, tuple[bool, str]]:
    return {one.subject: (one.works, one.detail) for one in found[3:]}


def test_languages_are_told_with_their_way_or_their_packages():
    assert details(list_findings(engines())) == {
        "English to Spanish (es)": (True, "eng-spa; voice es"),
        "English to Portuguese (pt)": (True, "eng-spa, es-pt; voice pt"),
        "English to Catalan (ca)": (False, "apt-get install apertium-eng-cat"),
        "English to French (fr)": (False, "apt-get install apertium-eng-spa apertium-fr-es"),
    }


def test_a_language_that_cannot_be_spoken_does_not_work():
    found = details(list_findings(engines(voices={"es": "es"})))
    assert found["English to Portuguese (pt)"] == (False, "no voice")
    found = details(list_findings(engines(voices={})))
    assert found["English to Spanish (es)"] == (False, "apt-get install espeak-ng")


def test_one_language_is_enough_but_every_engine_is_needed():
    assert is_usable(list_findings(engines(voices={"es": "es"})))
    assert not is_usable(list_findings(engines(modes={})))
    assert not is_usable(
        list_findings(engines(engine=Finding("Engine", works=False, detail="missing")))
    )
