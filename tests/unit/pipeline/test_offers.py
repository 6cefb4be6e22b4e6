"""What nobody here can do is refused before it is begun, and told with what there is instead."""

import pytest

from backend.errors import Invalid
from backend.pipeline.offers import (
    EngineOffer,
    Offer,
    OfferedVoice,
    check_job,
    check_voice,
    list_works,
    merge_offers,
)
from backend.pipeline.params import JobKind, normalize_params
from backend.pipeline.providers import ProviderKind, Providers
from backend.pipeline.stages import ALL_LANGUAGES, Stage
from tests import factories

HEARS = EngineOffer(kind=ProviderKind.TRANSCRIPTION, name="ear", languages=("en", "de"))
TRANSLATES = EngineOffer(
    kind=ProviderKind.TRANSLATION,
    name="tongue",
    languages=("en", "es"),
    targets={"en": ("es", "pt"), "es": ("en",)},
)
VOICES = {
    "es": (OfferedVoice(name="f1", pitch="high"), OfferedVoice(name="m1", pitch="low")),
    "pt-BR": (OfferedVoice(name="f2", pitch="high"),),
    "pt": (OfferedVoice(name="f3", pitch="high"),),
    "de": (OfferedVoice(name="f4", pitch="high"),),
}
SPEAKS = EngineOffer(kind=ProviderKind.TTS, name="mouth", languages=tuple(VOICES), voices=VOICES)
OFFER = Offer(engines=(HEARS, TRANSLATES, SPEAKS))
MINE = Providers(transcription="ear", translation="tongue", tts="mouth")


def check(*languages: str, offer: Offer = OFFER, given: object = (), **params: object) -> None:
    asked = {"providers": MINE, **params}
    check_job(offer, normalize_params(factories.dub_params(*languages, **asked)), given)


@pytest.mark.parametrize("languages", [("es",), ("es", "pt"), ("pt-BR", "es-MX")])
def test_what_can_be_done_is_taken(languages):
    check(*languages)
    check(*languages, source_language="auto")


@pytest.mark.parametrize(
    ("languages", "params", "field", "told"),
    [
        (
            ("de",),
            {},
            "targetLanguages",
            "from English (en) into German (de); there is: es, pt",
        ),
        (("ja",), {"source_language": "auto"}, "targetLanguages", "into Japanese"),
        (("en",), {"source_language": "es"}, "sourceLanguage", "understands Spanish (es)"),
        (("es",), {"source_language": "fr"}, "sourceLanguage", "there is: de, en"),
        (("es",), {"voices": {"A": "f9"}}, "voices", "as f9; there is: f1, m1"),
        (("es", "pt"), {"voices": {"A": "f1"}}, "voices", "Portuguese"),
    ],
)
def test_what_nobody_can_do_is_refused(languages, params, field, told):
    with pytest.raises(Invalid) as refused:
        check(*languages, **params)
    assert refused.value.field == field
    assert told in str(refused.value)


def test_a_language_that_nobody_speaks_is_refused():
    silent = SPEAKS.model_copy(update={"voices": {"de": VOICES["de"]}})
    with pytest.raises(Invalid, match="nobody here speaks Spanish"):
        check("es", offer=Offer(engines=(HEARS, TRANSLATES, silent)))


def test_providers_of_which_none_works_are_refused_with_the_reason():
    broken = SPEAKS.model_copy(update={"problem": "set MOUTH_KEY"})
    with pytest.raises(Invalid, match="mouth: set MOUTH_KEY") as refused:
        check("es", offer=Offer(engines=(HEARS, TRANSLATES, broken)))
    assert refused.value.field == "providers.tts"


def test_what_the_user_brings_needs_nobody():
    given = {(Stage.ASR, ALL_LANGUAGES), (Stage.MT, "de")}
    check("de", source_language="fr", given=given)


def test_nothing_is_refused_while_no_worker_has_told():
    check("ja", offer=Offer())


def test_a_transcription_needs_an_ear_only():
    check_job(
        Offer(engines=(HEARS,)),
        factories.dub_params(kind=JobKind.TRANSCRIBE, target_languages=(), providers=MINE),
        (),
    )


def test_a_voice_of_a_line():
    check_voice(OFFER, "es", "m1")
    check_voice(OFFER, "ja", "m1")  # nobody speaks it: that is told elsewhere
    with pytest.raises(Invalid, match="there is: f2"):
        check_voice(OFFER, "pt-BR", "f3")


def test_an_engine_is_as_good_as_on_the_best_machine():
    """Red where the last that told wins."""
    poor = HEARS.model_copy(update={"languages": ("en",)})
    broken = HEARS.model_copy(update={"problem": "no model", "languages": ()})
    for order in ((poor, HEARS, broken), (broken, HEARS, poor), (HEARS, poor, broken)):
        [found] = merge_offers(Offer(engines=(one,)) for one in order).engines
        assert found == HEARS
    any_language = HEARS.model_copy(update={"languages": None})
    [found] = merge_offers([Offer(engines=(any_language,)), OFFER]).engines[:1]
    assert found.languages is None


def test_languages_by_who_can_do_what():
    works = list_works(OFFER)
    assert works["es"] == {
        "transcription": [],
        "translation": ["tongue"],
        "tts": ["mouth"],
        "source": False,
        "target": True,
    }
    # Translated from Spanish only, which nobody hears.
    assert (works["en"]["source"], works["en"]["target"], works["en"]["translation"]) == (
        *(True, False),
        [],
    )
    assert (works["de"]["source"], works["de"]["target"]) == (True, False)
