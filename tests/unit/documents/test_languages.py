"""Language tags as users write them."""

import pytest

from backend.documents import languages
from backend.errors import Invalid


@pytest.mark.parametrize(
    ("tag", "standard"),
    [
        ("es", "es"),
        ("ES", "es"),
        (" pt_br ", "pt-BR"),
        ("pt-BR", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("eng", "en"),
        ("ca", "ca"),
    ],
)
def test_tags_get_their_standard_form(tag, standard):
    assert languages.normalize(tag) == standard


@pytest.mark.parametrize("tag", ["", "  ", "spanish please", "xx-nothing", "und", "qqqq", "e", "1"])
def test_what_is_no_language_is_refused_with_the_field_and_an_example(tag):
    with pytest.raises(Invalid, match=r"use one such as es, pt or pt-BR") as refused:
        languages.normalize(tag, "targetLanguages")
    assert refused.value.field == "targetLanguages"
    assert f"'{tag}'" in str(refused.value)


def test_a_tag_longer_than_any_is_not_looked_up():
    with pytest.raises(Invalid, match="at most 35 characters"):
        languages.normalize("es-" + "x" * 1000)


def test_other_names_of_a_language():
    assert languages.get_base_language("pt-BR") == "pt"
    assert languages.get_name("pt-BR") == "Portuguese (Brazil)"
    assert languages.get_iso639_2("pt-BR") == "por"
    assert languages.get_iso639_2("de") == "deu"


@pytest.mark.parametrize(
    ("tag", "code"),
    [("pt-BR", "pt"), ("jv", "jw"), ("fil", "tl"), ("nb-NO", "no"), ("gsw", None), ("gl", None)],
)
def test_the_code_of_an_engine(tag, code):
    assert languages.match_code(tag, ["pt", "es", "de", "jw", "tl", "no"]) == code
