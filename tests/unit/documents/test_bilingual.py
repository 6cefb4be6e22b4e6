"""Subtitles in two languages, of which one is said."""

import pytest

from backend.documents.spoken import find_spoken_text
from backend.documents.subtitles import parse_transcript

ENGLISH = ["Good morning to you.", "The old painting hangs in the hall.", "The garden is open."]
OTHERS = {
    "es": ["Buenos días a ti.", "La vieja pintura cuelga en la sala.", "El jardín está abierto."],
    "zh": ["早上好。", "那幅旧画挂在大厅里。", "花园开放了。"],
    "ru": ["Доброе утро.", "Старая картина висит в зале.", "Сад открыт."],
}


def read(upper: list[str], lower: list[str], language: str | None) -> list[str]:
    text = "".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{one}\n<i>{other}</i>\n\n"
        for n, (one, other) in enumerate(zip(upper, lower, strict=True), 1)
    )
    return [one.text for one in parse_transcript(text.encode(), "talk", language).segments]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("language", ["en", "en-US"])
def test_a_second_language_is_shown_and_not_said(other, language):
    texts = read(ENGLISH, OTHERS[other], language)
    assert texts[0] == f"{ENGLISH[0]} [{OTHERS[other][0]}]"
    assert [find_spoken_text(text) for text in texts] == ENGLISH


def test_it_may_stand_above():
    texts = read(OTHERS["es"], ENGLISH, "en")
    assert [find_spoken_text(text) for text in texts] == ENGLISH
    assert [find_spoken_text(text) for text in read(OTHERS["es"], ENGLISH, "es")] == OTHERS["es"]


@pytest.mark.parametrize(("lower", "language"), [(ENGLISH[::-1], "en"), (OTHERS["es"], None)])
def test_what_is_not_certain_is_said(lower, language):
    expected = [f"{one} {other}" for one, other in zip(ENGLISH, lower, strict=True)]
    assert read(ENGLISH, lower, language) == expected
