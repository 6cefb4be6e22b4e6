"""What a translation must have kept of its source; what it says is for people to judge."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from backend.documents.glossary import Terms, find_missed_terms

# Digits with what parts them in any language: 1,000.5 and 1.000,5 and 1 000,5.
NUMBER = re.compile(r"\d+(?:[.,'’  ]\d+)*")  # noqa: RUF001
WORD = re.compile(r"[^\W\d_]+")
PLACEHOLDER = re.compile(r"\{\{?[^{}]*\}\}?|%\(\w+\)[sd]|%[sd]\b|</?\w[^<>]*>|https?://\S+")


def find_faults(source: str, text: str, terms: Terms = ()) -> Iterator[str]:
    """What is missing, in words that a translator and a user understand; none if all is there."""
    if not text.strip():
        yield "nothing was given"
        return
    lost = _subtract(_list_numbers(source), _list_numbers(text))
    if lost:
        yield f"it lacks the number {', '.join(lost)}"
    lost = _subtract(PLACEHOLDER.findall(source), PLACEHOLDER.findall(text))
    if lost:
        yield f"it lacks {', '.join(lost)}, which stays as it is"
    yield from find_missed_terms(terms, source, text)


def is_unchanged(source: str, text: str, terms: Terms = ()) -> bool:
    """Whether words came back as they were that should not have.

    Names alone and numbers are the same in many languages, and terms of the glossary may be: what
    remains besides is a word in small letters, or several in capitals.
    """
    if WORD.findall(source.casefold()) != WORD.findall(text.casefold()):
        return False
    rest = PLACEHOLDER.sub(" ", source)
    for term, _ in terms:
        rest = re.sub(re.escape(term), " ", rest, flags=re.IGNORECASE)
    words = WORD.findall(rest)
    shouted = len(words) > 1 and all(word.isupper() for word in words)
    return shouted or any(not word[0].isupper() for word in words)


def _list_numbers(text: str) -> list[str]:
    """The digits of each number, whatever script they are in and whatever parts them."""
    plain = PLACEHOLDER.sub(" ", text)
    return [_read_digits(found) for found in NUMBER.findall(plain)]


def _read_digits(number: str) -> str:
    return "".join(str(unicodedata.digit(one)) for one in number if one.isdigit())


def _subtract(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    return list((Counter(wanted) - Counter(found)).elements())
