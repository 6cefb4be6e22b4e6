"""What a translation must have kept of its source."""

import pytest

from backend.documents.translation_checks import find_faults, is_unchanged


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("It costs 1,000.50.", "Cuesta 1.000,50."),
        ("It costs 1,000.50.", "Cela coûte 1 000,50."),
        ("In 2026", "٢٠٢٦ في"),
        ("twenty", "20"),
        ("Hi {name}, <b>now</b>", "<b>Ya</b>, {name}"),
        ("Step 2 of %d", "%d: paso 2"),
        ("100%", "100 %"),
        ("See https://a.example/7", "Vea https://a.example/7"),
        ("²", "²"),
    ],
)
def test_what_is_kept(source, text):
    assert list(find_faults(source, text)) == []


@pytest.mark.parametrize(
    ("source", "text", "told"),
    [
        ("It is 5.", "Son 6.", "lacks the number 5"),
        ("5 and 5", "5", "lacks the number 5"),
        ("Hi {name}", "Hola {nombre}", "lacks {name}"),
        ("Hi", "  ", "nothing was given"),
    ],
)
def test_what_is_lost(source, text, told):
    [fault] = find_faults(source, text)
    assert told in fault


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Thank you.", "Thank you."),
        ("Thank you.", "thank you!"),
        ("GET OUT", "Get out"),
        ("Come here, Mary.", "Come here, Mary."),
        ("你好", "你好"),
    ],
)
def test_words_that_came_back_as_they_were(source, text):
    assert is_unchanged(source, text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Thank you.", "Gracias."),
        ("Mary Smith!", "Mary Smith!"),
        ("NASA", "NASA"),
        ("1984, 20 %", "1984, 20 %"),
        ("https://a.example/now", "https://a.example/now"),
        ("Mary, {name}!", "Mary, {name}!"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_what_may_come_back_as_it_was(source, text):
    assert not is_unchanged(source, text)


def test_what_the_glossary_keeps_may_come_back_as_it_was():
    assert not is_unchanged("Use git push.", "Use git push.", [("git push", "git push")])
    assert is_unchanged("Please use git.", "Please use git.", [("git", "git")])
