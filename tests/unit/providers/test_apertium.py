"""Translation by rules: a line for a line, whatever is in it, by whatever way there is."""

import pytest

from backend.errors import Permanent
from tests.stage_context import build_batch
from workers.providers import apertium, tools
from workers.providers.apertium import Apertium, find_route, list_modes, list_reachable

INSTALLED = {
    ("en", "es"): "eng-spa",
    ("es", "en"): "spa-eng",
    ("es", "pt"): "es-pt",
    ("es", "pt-BR"): "es-pt_BR",
}


@pytest.mark.parametrize(
    ("source", "target", "way"),
    [
        ("en", "es", ["eng-spa"]),
        ("en", "pt", ["eng-spa", "es-pt"]),
        ("en", "pt-BR", ["eng-spa", "es-pt_BR"]),
        ("en-GB", "es-MX", ["eng-spa"]),
        ("en", "de", None),
        ("pt", "es", None),
    ],
)
def test_the_shortest_way(source, target, way):
    assert find_route(INSTALLED, source, target) == way


def test_what_can_be_reached():
    assert list_reachable(INSTALLED, "en") == ["es", "pt", "pt-BR"]


def translate_texts(*texts: str, target: str = "es") -> list[str]:
    return list(Apertium().translate(build_batch(texts, target), call=None).texts)


def test_english_to_spanish_portuguese_and_french():
    assert translate_texts("The house is quiet.") == ["La casa es tranquila."]
    assert translate_texts("The house is quiet.", target="pt") == ["A casa é tranquila."]
    assert translate_texts("The house is quiet.", target="fr") == ["La maison est tranquille."]


@pytest.mark.parametrize("target", ["es", "pt"])
def test_a_line_for_each_line_whatever_is_in_it(target):
    texts = [
        "Good morning.",
        "",
        "...",
        "two\nlines",
        "I like ^this$ and /that\\ <b>bold</b> {x} [y] @z #1 ~ | + = *",
        "🎉 party 🎉",
        "a\0b \x01 \x1b[31m",
        "^",
        "<b>\\",
        "?",
        "No stop at the end",
        " spaces  everywhere ",
        "Wait... really?!",
    ]
    got = translate_texts(*texts, target=target)
    assert len(got) == len(texts)
    assert all(bool(a.strip()) == bool(b.strip()) for a, b in zip(texts, got, strict=True))
    assert all(text.isprintable() for text in got)
    assert got[0].endswith(".")
    assert got[-1].endswith("?!")
    assert got[texts.index("No stop at the end")][-1].isalpha()


def test_an_unknown_word_is_kept_without_a_mark():
    assert "cromulent" in translate_texts("A cromulent house.")[0]
    assert "*" not in translate_texts("A cromulent house.")[0]


def test_no_is_an_answer():
    assert translate_texts("No.", "Oh, no. He said no", "No one.") == [
        "No.",
        "Oh, no! Dijo no",
        "Nadie.",
    ]


def test_lines_that_a_rule_joins_are_parted(monkeypatch):
    asked = []

    def joining(command, stdin, *, package):
        lines = stdin.decode().splitlines()
        asked.append(len(lines))
        return (" ".join(lines) if len(lines) > 1 else lines[0]).encode() + b"\n"

    monkeypatch.setattr(apertium, "run_tool", joining)
    assert apertium._run_step("eng-spa", ["a", "b", "c"]) == ["a.", "b.", "c."]
    assert asked == [3, 1, 2, 1, 1]


def test_modes_for_tests_are_none_of_ours(monkeypatch):
    listed = b"  eng-spa\n  eco-es-fr\n  es-pt_BR\n"
    monkeypatch.setattr(apertium, "run_tool", lambda *_, **__: listed)
    assert list_modes.__wrapped__() == {("en", "es"): "eng-spa", ("es", "pt-BR"): "es-pt_BR"}


def test_no_way_is_said_with_what_there_is():
    with pytest.raises(Permanent, match=r"English \(en\) to German \(de\).*es"):
        translate_texts("Hello.", target="de")


def test_a_missing_engine_is_named_with_its_package(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Permanent, match="apt-get install apertium"):
        tools.run_tool(["apertium", "-l"], b"", package="apertium")


def test_installed_modes_are_read():
    assert list_modes()["en", "es"] == "eng-spa"
    assert ("ca", "en") in list_modes()
