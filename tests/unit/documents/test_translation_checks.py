"""What a translation must have kept of its source."""

import pytest

from backend.documents.translation_checks import find_faults


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
