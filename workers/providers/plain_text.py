"""Texts as small translation models take them: sentences, without what such models break.

They were trained on single sentences of web pages. Marks of songs and tags of subtitles they take
for words, addresses they pull apart, capitals they do not know, and a long run of nonsense takes
them seconds.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from backend.documents.text import collapse_lines

AROUND = re.compile(r"^((?:[♪♫#*\s]|<[^>]*>)*)(.*?)((?:[♪♫#*\s]|<[^>]*>)*)$", re.DOTALL)
# What is the same in every language.
KEPT = re.compile(r"((?:https?://|www\.)\S*[^\s.,;:!?)]|\S+@\S+\.\w+)")
ENDS = re.compile(r"(?<=[.!?…])\s+")
INSIDE = re.compile(r"<[^>]*>|[♪♫]")
QUOTES = str.maketrans("“”„«»‘’", '"""""\'\'')  # noqa: RUF001 - those of many languages
MOST_CHARACTERS = 500  # in one go: a run of nonsense of 900 took three seconds

Step = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class PlainText:
    """A text in pieces, of which those with odd numbers stay; marks are put around them again."""

    before: str
    pieces: tuple[tuple[str, bool], ...]
    after: str
    shouted: bool

    def list_sentences(self) -> list[str]:
        """What is to be translated."""
        return [piece for piece, kept in self.pieces if not kept]

    def join(self, translated: Iterator[str]) -> str:
        """The text with the next translations in place of its sentences."""
        said = " ".join(piece if kept else next(translated) for piece, kept in self.pieces)
        said = collapse_lines(said)
        return f"{self.before}{said.upper() if self.shouted else said}{self.after}"


def translate_texts(texts: Sequence[str], steps: Sequence[Step]) -> list[str]:
    """Each text by way of all steps, each of which gets all sentences at once."""
    plain = [split_text(text) for text in texts]
    sentences: Sequence[str] = [one for text in plain for one in text.list_sentences()]
    for step in steps:
        sentences = step(sentences)
    translated = iter(sentences)
    return [
        part.join(translated) if part.pieces else text
        for part, text in zip(plain, texts, strict=True)
    ]


def split_text(text: str) -> PlainText:
    """A text as models take it."""
    before, plain, after = split_marks(collapse_lines(text))
    shouted = plain.isupper() and " " in plain
    said = plain.capitalize() if shouted else plain
    pieces = tuple(
        (piece, number % 2 == 1)
        for number, part in enumerate(KEPT.split(said))
        for piece in cut_text(part)
    )
    return PlainText(before, pieces, after, shouted)


def cut_text(text: str) -> list[str]:
    """Sentences; one that is too long to bear is cut at a space."""
    return [piece for sentence in ENDS.split(text) for piece in wrap(sentence, MOST_CHARACTERS)]


def split_marks(text: str) -> tuple[str, str, str]:
    """What stands around a text and is no word, and the text in plain letters."""
    found = AROUND.match(text)
    assert found  # noqa: S101 - it matches everything
    before, plain, after = found.groups()
    return before, INSIDE.sub("", plain).translate(QUOTES), after
