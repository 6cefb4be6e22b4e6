"""What of a text is said, and what only stands in captions.

Captions for people who do not hear also tell sounds (`[door slams]`, `(laughs)`), songs (between
music signs), who speaks (`MARY:`) and that somebody else does (`>>`); recognisers write some of
that too. All of it stays in the text, so that captions show it and people edit it as they see it,
and whoever translates or speaks a text asks here for the words.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from backend.documents.transcripts import Line, Segment

_NOTE = "\u2669\u266a\u266b\u266c\U0001f3b5\U0001f3b6\U0001f3bc"
# Of CLDR's emoji those that are no letters or digits, with what joins and colours them.
_EMOJI = "[\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_JOINED = "[\u200d\ufe0f\u20e3\U000e0020-\U000e007f]"


LONGEST_MARK = 200  # letters in brackets or stars: without an end nobody looks for one for ever


def _enclose(opening: str, closing: str) -> str:
    """What stands in such brackets, of which there may be others within."""
    inside, times = f"[^{opening}{closing}]", f"{{0,{LONGEST_MARK}}}"
    return f"[{opening}](?:{inside}|[{opening}]{inside}{times}[{closing}]){times}[{closing}]"


# Who does something between stars does so by itself: `*laughs* Hello.`; what is stressed by them is
# a part of its sentence: `He said *never* again.`
_DONE = (
    rf"(?<![\w*])(?<![\w,;]\s)\*{{1,3}}[^\W\d_][^*.!?]{{0,{LONGEST_MARK}}}\*{{1,3}}"
    r"(?!\s*[a-z\xdf-\xf6\xf8-\xff\u03b1-\u03c9\u0430-\u045f])"
)
# A lone sign at the end closes a song that began before, unless a sentence ends there: then it
# tells of music that begins.
_STOPS = ".!?\u2026\u3002\uff01\uff1f"
_SONGS_END = (
    rf"(?<!\w)(?<![^\s{_STOPS}{_NOTE}>\])}}:]\s)[^\s{_NOTE}>{_STOPS}]"
    rf"[^{_NOTE}>{_STOPS}]{{0,{LONGEST_MARK}}}[{_NOTE}]+\s*\Z"
)
# Round brackets that touch the word before belong to it (`person(s)`), and those without a letter
# are said (`(555) 0199`). A song lasts from its sign to the next one, or as long as the text.
MARK = re.compile(
    "|".join(
        (
            _enclose(r"\[\uff3b\u3010\u3014", r"\]\uff3d\u3011\u3015") + ":?",
            r"(?<!\w)(?=\((?:[^\w()]|[\d_])*[^\W\d_])" + _enclose("(", ")") + ":?",
            _enclose("\uff08", "\uff09"),
            _DONE,
            _SONGS_END,
            rf"[{_NOTE}]+[^{_NOTE}]*?(?:[{_NOTE}]+|(?=>>)|\Z)",
            r"(?:(?<=\s)|\A)#\s[^#]*\s#(?=\s|\Z)",
            r"(?:(?<=\s)|\A)>{2,}",
            f"{_EMOJI}(?:{_EMOJI}|{_JOINED})*",
        )
    )
)
# A name in capitals, or a number or letter for one, before a colon that parts it from what is said.
NAME = re.compile(
    r"\s*(?:[-\u2010\u2013]\s*)?[\[(]?"
    r"(?P<name>(?:Speaker|SPEAKER) \w{1,3}|[^\W_][\w .'\u2019&/-]{0,31}?)"
    r"[\])]?(?:\s*[\[(][^\[\]()]*[\])])?\s*(?::(?=\s|\Z)|\uff1a)"
)
BRACKETED = re.compile(r"\s*\[[A-Z][^\[\]]*\]:")  # a name in any letters
WORDS_OF_A_NAME = 4


class TextPart(NamedTuple):
    """A stretch of a text: words that are said, or a mark that is not."""

    text: str
    spoken: bool


def find_spoken_text(text: str) -> str:
    """The words to be said; nothing where there are none."""
    said = " ".join(part.text.strip() for part in split_parts(text) if part.spoken)
    return " ".join(said.split()) if has_words(said) else ""


def find_marks(text: str) -> list[str]:
    """What is shown and not said, in order."""
    return [part.text.strip() for part in split_parts(text) if not part.spoken]


def replace_spoken_text(text: str, said: str) -> str:
    """The text with other words in place of its own; marks between words come after them."""
    parts = split_parts(text)
    first = next((n for n, part in enumerate(parts) if part.spoken), len(parts))
    before = [part.text for part in parts[:first]]
    after = [part.text for part in parts[first:] if not part.spoken]
    return " ".join(" ".join([*before, said, *after]).split())


def find_speaker(text: str) -> str | None:
    """Who says it, where the text begins with a name."""
    for part in split_parts(text):
        if part.spoken:
            return None
        if name := _match_name(part.text):
            return name["name"].strip()
    return None


Said = TypeVar("Said", Segment, Line)


def name_speakers(said: Iterable[Said]) -> Iterator[Said]:
    """What is said, by whom their text names where nothing else does."""
    for one in said:
        name = None if one.speaker else find_speaker(one.text)
        yield one.model_copy(update={"speaker": name}) if name else one


def has_words(text: str) -> bool:
    """Whether there is anything in it that could be said."""
    return any(character.isalnum() for character in text)


def split_parts(text: str) -> list[TextPart]:
    """All of the text in order."""
    return [part for part in _list_parts(text) if part.text.strip()]


def _list_parts(text: str) -> Iterator[TextPart]:
    """Marks and what is between them; names are only before the first words of a turn."""
    begin, opening = 0, True
    while begin < len(text):
        if opening and (name := _match_name(text, begin)):
            opening = False
            yield TextPart(name[0], spoken=False)
            begin = name.end()
        mark = MARK.search(text, begin)
        end, after = mark.span() if mark else (len(text), len(text))
        yield TextPart(text[begin:end], spoken=True)
        yield TextPart(text[end:after], spoken=False)
        starts = text.startswith(">>", end)
        opening = starts or (opening and not text[begin:end].strip())
        begin = after


def _match_name(text: str, begin: int = 0) -> re.Match[str] | None:
    found = NAME.match(text, begin)
    if not found or len(found["name"].split()) > WORDS_OF_A_NAME:
        return None
    certain = found["name"].isupper() or found["name"].startswith("Speaker ")
    return found if certain or BRACKETED.match(found[0]) else None
