"""Small models get plain sentences, and everything else of a text stays where it was."""

import pytest

from workers.providers.plain_text import MOST_CHARACTERS, cut_text, translate_texts


@pytest.mark.parametrize(
    ("text", "asked", "told"),
    [
        ("Hello. How are you?", ["Hello.", "How are you?"], "(Hello.) (How are you?)"),
        ("♪ We sing ♪", ["We sing"], "♪ (We sing) ♪"),
        ("<i>Go on</i>", ["Go on"], "<i>(Go on)</i>"),
        ("Go <b>on</b> now", ["Go on now"], "(Go on now)"),
        (
            "See https://a.example/x, or me@b.example.",
            ["See", ", or", "."],
            "(See) https://a.example/x (, or) me@b.example (.)",
        ),
        ("GET OUT NOW", ["Get out now"], "(GET OUT NOW)"),
        ("NASA", ["NASA"], "(NASA)"),
        ("“Yes,” he said", ['"Yes," he said'], '("Yes," he said)'),
        ("two\nlines", ["two lines"], "(two lines)"),
        ("♪♪", [], "♪♪"),
        ("", [], ""),
    ],
)
def test_what_is_no_sentence_is_not_translated_and_stays(text, asked, told):
    seen = []

    def step(sentences):
        seen.extend(sentences)
        return [f"({one})" for one in sentences]

    assert translate_texts([text], [step]) == [told]
    assert seen == asked


def test_all_sentences_of_all_texts_go_through_each_step_at_once():
    calls = []

    def build_step(name):
        def step(sentences):
            calls.append((name, len(sentences)))
            return [f"{one}{name}" for one in sentences]

        return step

    found = translate_texts(["One. Two.", "", "Three."], [build_step("a"), build_step("b")])
    assert found == ["One.ab Two.ab", "", "Three.ab"]
    assert calls == [("a", 3), ("b", 3)]


def test_a_run_of_words_without_end_is_cut_at_spaces():
    pieces = cut_text("the " * 300)
    assert len(pieces) > 1
    assert all(len(piece) <= MOST_CHARACTERS for piece in pieces)
    assert " ".join(pieces) == ("the " * 300).strip()
