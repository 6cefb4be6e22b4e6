"""Glossaries: which entry holds, where its term stands, and how files of them are read."""

import pytest

from backend.documents.glossary import (
    GlossaryEntry,
    choose_pronunciations,
    choose_terms,
    find_missed_terms,
    find_terms,
    list_key_terms,
    normalize_glossary,
    write_for_voice,
)
from backend.documents.glossary_files import read_glossary
from backend.errors import Invalid

GLOSSARY = normalize_glossary(
    [
        GlossaryEntry(term="battery", language="es", translation="batería"),
        GlossaryEntry(term="battery", language="es_mx", translation="pila"),
        GlossaryEntry(term="battery", language="de", translation="Akku"),
        GlossaryEntry(term="SQL", pronunciation="sequel"),
        GlossaryEntry(term="chat", source_language="fr", translation="cat"),
    ]
)


@pytest.mark.parametrize(
    ("languages", "terms"),
    [
        (("en", "es"), {"battery": "batería", "SQL": "SQL"}),
        (("en-GB", "es-MX"), {"battery": "pila", "SQL": "SQL"}),
        (("en", "es-AR"), {"battery": "batería", "SQL": "SQL"}),
        (("en", "pt"), {"SQL": "SQL"}),
        (("fr-CA", "pt"), {"SQL": "SQL", "chat": "cat"}),
    ],
)
def test_the_nearest_entry_holds(languages, terms):
    assert dict(choose_terms(GLOSSARY, *languages)) == terms
    assert choose_pronunciations(GLOSSARY, *languages) == {"SQL": "sequel"}


def test_key_terms_are_those_of_the_language_spoken():
    assert list_key_terms(GLOSSARY, "en") == ("battery", "SQL")
    assert list_key_terms(GLOSSARY, "fr") == ("battery", "SQL", "chat")


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("cat", "The CAT sat.", True),
        ("cat", "A category.", False),
        ("cat", "Concat", False),
        ("C++", "In C++, say", True),
        (".NET", "On .NET", True),
        ("東京", "私は東京へ行く", True),
        ("서울", "서울에서", True),
        ("New York", "in New York.", True),
    ],
)
def test_a_term_is_a_word_of_its_own(term, text, found):
    assert bool(find_terms([(term, term)], text)) is found


def test_what_stands_for_a_term_may_have_an_ending():
    terms = [("battery", "batería"), ("NASA", "NASA")]
    assert list(find_missed_terms(terms, "Two battery packs", "Dos Baterías")) == []
    assert list(find_missed_terms(terms, "The battery", "La pila")) == [
        "it lacks 'batería' for 'battery'"
    ]
    assert list(find_missed_terms(terms, "Nothing of it", "Nada")) == []


def test_a_pronunciation_is_written_once_and_longest_first():
    said = {"SQL": "sequel", "SQL Server": "sequel sörver", "sequel": "WRONG"}
    assert write_for_voice("SQL Server or sql, MySQL", said) == "sequel sörver or sequel, MySQL"
    assert write_for_voice("As it is", {}) == "As it is"


@pytest.mark.parametrize(
    ("glossary", "told"),
    [
        ([GlossaryEntry(term="a"), GlossaryEntry(term="A")], "'A' is there twice for all"),
        ([GlossaryEntry(term="a", language="es")] * 2, "'a' is there twice for es"),
        ([GlossaryEntry(term="a", language="xx-nope-1")], "no language tag"),
        ([GlossaryEntry(term=f"t{i}") for i in range(1001)], "1001 entries, and may have 1000"),
    ],
)
def test_what_is_no_glossary(glossary, told):
    with pytest.raises(Invalid, match=told) as found:
        normalize_glossary(glossary)
    assert found.value.field == "glossary"


CSV = "term,language,translation,pronunciation\nbattery,es,batería,\nSQL,,,sequel\n"
JSON = (
    '[{"term": "battery", "language": "es", "translation": "batería"},'
    ' {"term": "SQL", "pronunciation": "sequel"}]'
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("talk.csv", CSV),
        ("talk.csv", CSV.replace(",", ";")),
        ("talk.tsv", "\ufeff" + CSV.replace(",", "\t").replace("\n", "\r\n")),
        ("talk.JSON", JSON),
    ],
)
def test_files_are_read(name, text):
    assert read_glossary(text.encode(), name) == [
        {"term": "battery", "language": "es", "translation": "batería"},
        {"term": "SQL", "pronunciation": "sequel"},
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("g.csv", b"", "needs a first line with its columns, of: term,language,translation"),
        ("g.csv", b"word\nx\n", "needs a first line"),
        ("g.csv", b"term\n", "has no entries"),
        ("g.csv", b"term,langauge\nx,es\n", r"g.csv, line 2: langauge: Extra inputs"),
        ("g.csv", b"term,language\nx,es,y\n", "line 2 has more columns"),
        ("g.csv", b'term\n"x" y\n', "line 2: "),
        ("g.csv", b"term,language\n,es\n", "line 2: term: Field required"),
        ("g.csv", b"term\n" + b"x" * 101, "line 2: term: .*1 to 100 characters"),
        ("g.csv", b"term\n\xff\n", "not UTF-8"),
        ("g.json", b"{", "is not JSON"),
        ("g.json", b"{}", "is to be a list"),
        ("g.json", b"[7]", "entry 1"),
        ("g.json", b'[{"term": "x", "language": "zz"}]', "no language tag"),
    ],
)
def test_a_wrong_file_is_told_where(name, content, told):
    with pytest.raises(Invalid, match=told):
        read_glossary(content, name)
