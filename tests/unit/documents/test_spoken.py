"""What of a text is said, by whom, and what only captions show."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.spoken import (
    find_marks,
    find_speaker,
    find_spoken_text,
    replace_spoken_text,
    split_parts,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[Music]", ""),
        ("(door slams)", ""),
        ("(a (big) door)", ""),
        ("[laughs] Good morning.", "Good morning."),
        ("Good (sighs) morning.", "Good morning."),
        ("\u266a La la la \u266a", ""),
        ("\u266a La la la", ""),
        ("\u266a\u266a La \u266a\u266a Good. \u266b", "Good."),
        ("# La la la #", ""),
        (">> The garden is open.", "The garden is open."),
        (">> MARY: Good. >> TOM: Yes.", "Good. Yes."),
        ("MARY: Good.", "Good."),
        ("DR. O'NEIL (on phone): Good.", "Good."),
        ("[MARY]: Good.", "Good."),
        ("(laughs) MARY: Good.", "Good."),
        ("Speaker 1: Good.", "Good."),
        ("Good \U0001f600\U0001f44d\U0001f3fd one \u2764\ufe0f", "Good one"),
        ("\u3053\u3093\u306b\u3061\u306f\uff08\u7b11\uff09", "\u3053\u3093\u306b\u3061\u306f"),
        ("...", ""),
    ],
)
def test_what_is_no_speech_is_not_said(text, words):
    assert find_spoken_text(text) == words


@pytest.mark.parametrize(
    "text",
    [
        *("Good morning.", "Remember: do not touch.", "At 10:30: tea.", "It is #1.", "20 °C"),
        *("Any person(s) here?", "Call (555) 0199.", "5 > 3"),
        *("[not closed", "«Hola», dijo.", "Ann said: NO: never.", "\u0915\u094d\u200d\u0937"),
        "THIS IS NO NAME AT ALL: never.",
    ],
)
def test_what_is_said_stays(text):
    assert find_spoken_text(text) == text
    assert find_marks(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MARY: Good.", "MARY"),
        (">> [sighs] MARY (on phone): Good.", "MARY"),
        ("[MARY]: Good.", "MARY"),
        ("Speaker 2: Good.", "Speaker 2"),
        ("[MUSIC] Good.", None),
        ("Good. MARY: Yes.", None),
        ("", None),
    ],
)
def test_a_name_before_the_words_tells_the_speaker(text, name):
    assert find_speaker(text) == name


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Good.", "Bueno."),
        ("MARY: Good. (laughs)", "MARY: Bueno. (laughs)"),
        ("[door] Good, (sighs) good.", "[door] Bueno. (sighs)"),
    ],
)
def test_marks_are_put_back_around_other_words(text, whole):
    assert replace_spoken_text(text, "Bueno.") == whole


@given(st.text(st.sampled_from("aB :>[](){}\u266a#\U0001f600-.1")))
def test_no_character_of_a_text_is_lost(text):
    parts = "".join(part.text for part in split_parts(text))
    assert "".join(parts.split()) == "".join(text.split())


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["(", "(a", "[", "[a", "\u266a a ", "# a ", ">> ", "A: "])
def test_no_text_is_looked_at_over_and_over(piece):
    """With the square of its length this would take minutes."""
    assert not find_spoken_text(piece * 200_000).startswith(">>")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("La la la \u266a", ""),
        ("Good morning. La la la \u266a", "Good morning."),
        ("MARY: La la la \u266a\u266a", ""),
        ("Good morning. \u266a", "Good morning."),
        ("*laughs* Good morning.", "Good morning."),
        ("Good morning. *door slams*", "Good morning."),
        ("*laughs*", ""),
        ("He said *never* again.", "He said *never* again."),
        ("*Never* again.", "*Never* again."),
        ("5 * 3 * 2", "5 * 3 * 2"),
    ],
)
def test_songs_that_end_and_what_somebody_does(text, words):
    assert find_spoken_text(text) == words


@pytest.mark.parametrize("text", ["(" * 5000, "[" * 5000, "*a" * 2500, "word, " * 800 + "\u266a"])
def test_no_text_takes_long(text):
    began = time.perf_counter()
    find_spoken_text(text)
    assert time.perf_counter() - began < 5
