"""Word and character error rates against answers that are worked out by hand."""

import pytest

from workers.report.error_rate import choose_unit, compute_error_rate


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("One two three four.", "one two three four", 0.0),
        ("One two three four.", "one too three", 0.5),  # one wrong, one missing
        ("One two.", "one or two three", 1.0),  # two too many
        ("Don\N{RIGHT SINGLE QUOTATION MARK}t go", "don't go!", 0.0),
        ("Señor, ¿qué?", "sen\N{COMBINING TILDE}or que\N{COMBINING ACUTE ACCENT}", 0.0),
        ("Anything", "", 1.0),
        ("", "", 0.0),
    ],
)
def test_words_are_compared_without_capitals_and_punctuation(said, heard, rate):
    assert compute_error_rate(said, heard, "es") == pytest.approx(rate)


@pytest.mark.parametrize("language", ["ja", "zh-CN", "zh-TW", "th", "km", "lo", "my"])
def test_scripts_without_spaces_are_compared_by_characters(language):
    assert choose_unit(language) == "character"
    assert compute_error_rate("今日は晴れ。", "今日 は 雨", language) == pytest.approx(2 / 5)


def test_korean_has_words():
    assert choose_unit("ko") == "word"
