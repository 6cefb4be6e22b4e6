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


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_pages_of_windows_are_told_by_their_letters(encoding):
    text = SRT.format(TEXTS[encoding])
    assert decode_text(text.encode(encoding), "talk.srt").text == text


@pytest.mark.parametrize("text", ["Perché non è più così? La città è già lì.", "Où est-il passé ?"])
def test_no_word_is_of_two_alphabets(text):
    """By its letters alone Italian in Windows-1252 is taken for Cyrillic."""
    assert decode_text(SRT.format(text).encode("cp1252"), "talk.srt").text == SRT.format(text)


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
