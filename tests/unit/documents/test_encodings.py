"""How a text is written, told from its bytes."""

import codecs

import pytest

from backend.documents.encodings import decode_text
from backend.errors import Invalid

SRT = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"
TEXTS = {
    "cp1250": "Dzień dobry, proszę pani. Zażółć gęślą jaźń.",
    "cp1251": "Доброе утро. Старая картина висит в зале.",
    "cp1252": "¿Dónde está el niño? Mañana será otro día.",
    "cp1253": "Καλημέρα σας, πώς είστε σήμερα;",
    "cp1254": "Günaydın, nasılsınız? Işık söndü.",
    "cp1255": "בוקר טוב לכולם, מה שלומכם היום",
    "cp1256": "صباح الخير كيف حالك اليوم",
    "cp932": "おはようございます。今日はいい天気ですね。",
    "gb18030": "早上好，这幅旧画挂在大厅里。",
    "cp949": "안녕하세요. 소년은 어디에 있나요?",
    "koi8-r": "Доброе утро. Старая картина висит в зале.",
}


LANGUAGES = {
    "cp1250": "pl",
    "cp1251": "ru",
    "cp1252": "es",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1255": "he",
    "cp1256": "ar",
    "cp932": "ja",
    "gb18030": "zh-CN",
    "cp949": "ko",
    "koi8-r": "ru",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_pages_of_windows_are_told_by_their_letters(encoding):
    text = SRT.format(TEXTS[encoding])
    found = decode_text(text.encode(encoding), "talk.srt", LANGUAGES[encoding])
    assert found.text == text


@pytest.mark.parametrize(
    ("encoding", "language", "text"),
    [
        ("cp1252", "es", "señor"),
        ("cp1252", "fr", "Voilà, être ici."),
        ("cp1252", "fr", "Ça va? Il a été là."),
        ("cp1252", "en-GB", "Don’t go… That’s naïve…"),
        ("cp1250", "pl", "Jestem tutaj, dzień dobry."),
        ("cp1251", "ru", "Он пришёл домой."),
        ("cp1254", "tr", "İyi günler, şimdi."),
        ("cp1257", "lt", "Labas rytas, ačiū jums."),
        ("shift_jis", "ja", "おはようございます、皆さん。"),
    ],
)
def test_of_a_few_letters_the_language_tells_which_they_are(encoding, language, text):
    content = SRT.format(text).encode(encoding)
    assert decode_text(content, "talk.srt", language).text == SRT.format(text)
    for others in (None, "ka"):
        with pytest.raises(Invalid, match=r"^talk\.srt, line 3: this (may be .+ or|is text in no)"):
            decode_text(content, "talk.srt", others)


@pytest.mark.parametrize("text", ["Perché non è più così? La città è già lì.", "Où est-il passé ?"])
def test_no_word_is_of_two_alphabets(text):
    """By its letters alone Italian in Windows-1252 is taken for Cyrillic."""
    content = SRT.format(text).encode("cp1252")
    assert decode_text(content, "talk.srt", "it").text == SRT.format(text)


@pytest.mark.parametrize("half", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("words", ["Hello.", TEXTS["gb18030"], TEXTS["cp1251"]])
def test_utf_16_needs_no_mark(half, words):
    text = SRT.format(words)
    assert decode_text(text.encode(half), "talk.srt").text == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_mark_tells_the_encoding_and_is_no_text(mark, encoding):
    text = SRT.format("Olá.")
    assert decode_text(mark + text.encode(encoding), "talk.srt") == (text, encoding)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (SRT.format("Hel\0lo.").encode(), "line 3: a NUL is no text"),
        (b"\xff\xfe" + SRT.format("Olá.").encode("utf-16-le") + b"\0", "line 4: it begins with"),
        (b"\xff\xfe" + SRT.format("\0").encode("utf-16-le"), "line 3: a NUL is no text"),
        (SRT.format("Café né à Paris").encode() + b"\xff", "line 4: this is no UTF-8, though"),
        # Of few letters any may be meant, by the page of Western or of Central Europe.
        (SRT.format("Don’t go… That’s naïve…").encode("cp1252"), "line 3: this may be"),
        (SRT.format("").encode() + bytes(range(128, 256)), "line 4: this "),
    ],
)
def test_what_is_not_certain_is_refused_by_line(content, problem):
    with pytest.raises(Invalid, match=rf"^talk\.srt, {problem}"):
        decode_text(content, "talk.srt")
