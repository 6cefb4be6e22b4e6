"""How the bytes of a text that people bring are written, told from the bytes themselves.

A mark or valid UTF-8 is certain. The 8-bit pages of Windows and those of East Asia are told by
chardet, which weighs how likely their letters are. Where another reading is about as likely, the
one that the text's language is written in is taken; where that does not tell, the text is refused,
for a wrong one would be spoken.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import chardet
from chardet import EncodingEra
from chardet.registry import REGISTRY, lookup_encoding

from backend.errors import Invalid

# UTF-32 first: its mark begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ENOUGH = 1 << 16  # bytes of foreign letters are as good as all of them
# The share of the best reading's weight from which on another one is a rival: of a few foreign
# letters the weights tell little (measured: "Ça va? Il a été là" is taken for Hungarian).
FEW, OF_FEW, OF_MANY = 24, 0.4, 0.95
LEAST_ZEROS = 0.1  # of the characters of a subtitle file more than these are digits and signs
APART = {"LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC"}
WORD = re.compile(r"[^\W\d_]+")


class DecodedText(NamedTuple):
    """A text and the encoding that it was written in."""

    text: str
    encoding: str


class UncertainEncoding(Invalid):
    """A text has several readings that make sense; its language might tell which is right."""


def decode_text(content: bytes, name: str, language: str | None = None) -> DecodedText:
    """The text; raises `Invalid` with the line where it cannot be told how it is written.

    `name` is what the user calls the file, `language` what it is said to be in (BCP 47).
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return DecodedText(_decode_marked(content[len(mark) :], encoding, name), encoding)
    if b"\0" in content:
        return _decode_zeros(content, name)
    try:
        return DecodedText(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return _decode_page(content, name, line, language)


def _decode_marked(content: bytes, encoding: str, name: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise _build_error(
            name, line, f"it begins with the mark of {encoding.upper()} and is none here"
        ) from None
    if "\0" in text:
        raise _build_error(name, text[: text.index("\0")].count("\n") + 1, "a NUL is no text")
    return text


def _decode_zeros(content: bytes, name: str) -> DecodedText:
    """UTF-16 without its mark: of its digits and line ends one byte is zero, always the same."""
    zeros = [content[half::2].count(0) for half in (0, 1)]
    encoding = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    text = content.decode(encoding, "replace")
    if min(zeros) or max(zeros) < len(text) * LEAST_ZEROS or "\ufffd" in text:
        line = content[: content.index(0)].count(b"\n") + 1
        raise _build_error(name, line, "a NUL is no text")
    return DecodedText(text, encoding)


def _decode_page(content: bytes, name: str, line: int, language: str | None) -> DecodedText:
    rest = content.decode("utf-8", "replace")
    if sum(one > "\x7f" and one != "\ufffd" for one in rest) >= rest.count("\ufffd"):
        raise _build_error(name, line, "this is no UTF-8, though the rest is: save it as UTF-8")
    foreign = [one for one in content.splitlines() if not one.isascii()]
    likely = list(_list_likely(b"\n".join(foreign)[:ENOUGH], content))
    likely = likely or list(_list_written(language or "", content))
    if not likely:
        raise _build_error(name, line, "this is text in no encoding known; save it as UTF-8")
    rivals = _list_rivals(likely)
    known = [one for one in rivals if language and _is_written_in(language, one.encoding)]
    readings: dict[str, DecodedText] = {}
    for one in known or rivals:
        readings.setdefault(one.text, one)
    best, *others = readings.values()
    if not others:
        return best
    both = f"{best.encoding} or {others[0].encoding}"
    raise UncertainEncoding("fileId", f"{name}, line {line}: this may be {both}; save it as UTF-8")


def _list_rivals(likely: Sequence[tuple[DecodedText, float]]) -> list[DecodedText]:
    """The best reading, and those that are about as likely."""
    best, weight = likely[0]
    share = OF_FEW if sum(one > "\x7f" for one in best.text) < FEW else OF_MANY
    return [one for one, own in likely if own >= weight * share]


def _is_written_in(language: str, encoding: str) -> bool:
    found = lookup_encoding(encoding)
    return found is not None and language.partition("-")[0] in REGISTRY[found].languages


def _list_written(language: str, content: bytes) -> Iterator[tuple[DecodedText, float]]:
    """What the encodings of a language make of a text that chardet knows nothing about."""
    for encoding, about in REGISTRY.items():
        if about.era is EncodingEra.MODERN_WEB and _is_written_in(language, encoding):
            with suppress(UnicodeDecodeError):
                yield DecodedText(content.decode(encoding), encoding), 1.0


def _list_likely(foreign: bytes, content: bytes) -> Iterator[tuple[DecodedText, float]]:
    """The readings that make sense, and how likely each is, the best first."""
    for found in chardet.detect_all(
        foreign, ignore_threshold=True, encoding_era=EncodingEra.MODERN_WEB
    ):
        encoding = found["encoding"]
        try:
            text = content.decode(encoding or "ascii")
        except UnicodeDecodeError:
            continue
        if not _mixes_scripts(text):
            yield DecodedText(text, str(encoding).lower()), found["confidence"]


def _mixes_scripts(text: str) -> bool:
    """Whether a word has letters of two alphabets, as words that are read wrongly have."""
    words = (one for one in WORD.findall(text[:ENOUGH]) if not one.isascii())
    return any(len(APART & set(map(_name_script, word))) > 1 for word in words)


def _name_script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _build_error(name: str, line: int, reason: str) -> Invalid:
    return Invalid("fileId", f"{name}, line {line}: {reason}")
