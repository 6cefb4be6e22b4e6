"""A text in the pieces between which a line may end, with the cost of ending it there."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from unicodedata import category, combining

import budoux

from backend.documents import languages
from backend.documents.text import collapse_lines
from workers.captions.phrases import CLAUSE, CUT, NEUTRAL, compute_break_cost
from workers.captions.rules import Rules

# Scripts that part no words by spaces: BudouX knows where their phrases end.
PARSERS: dict[str, Callable[[], budoux.Parser]] = {
    "Jpan": budoux.load_default_japanese_parser,
    "Hans": budoux.load_default_simplified_chinese_parser,
    "Hant": budoux.load_default_traditional_chinese_parser,
    "Thai": budoux.load_default_thai_parser,
}

# Kinsoku: what must not begin a line (closing punctuation, marks, small kana) or end one (opening
# brackets). JIS X 4051; W3C, Requirements for Japanese Text Layout, 3.1.7 and 3.1.8.
NOT_FIRST = {"Pe", "Pf", "Po", "Pd", "Lm", "Mn", "Mc", "Me", "Cf"}
NOT_LAST = {"Ps", "Pi"}
SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ")
JOINER = "\u200d"
VIRAMA = 9  # the combining class of what joins a consonant to the next


class Piece(NamedTuple):
    """Text that stays together, whether a space follows it, and the cost of a break after it."""

    text: str
    spaced: bool
    cost: float


def split_pieces(text: str, rules: Rules) -> list[Piece]:
    """The text's pieces, none wider than a line."""
    script = languages.get_script(rules.language)
    found = [
        piece for word in collapse_lines(text).split() for piece in _split_word(word, script, rules)
    ]
    return [
        Piece(one.text, one.spaced, _compute_cost(one, after.text, script, rules.language))
        for one, after in pairwise([*found, Piece("", False, 0.0)])
    ]


def _split_word(word: str, script: str, rules: Rules) -> Iterator[Piece]:
    """What stands between two spaces; the last of its pieces is the one a space follows."""
    phrases = _split_phrases(word, script)
    parts = [(cut, cost) for phrase in phrases for cut, cost in _cut_phrase(phrase, rules)]
    for index, (part, cost) in enumerate(parts, 1):
        yield Piece(part, index == len(parts), cost)


def _split_phrases(word: str, script: str) -> list[str]:
    if script not in PARSERS:
        return [word]
    joined: list[str] = []
    for phrase in _load_parser(script).parse(word):
        if joined and not _may_break_between(joined[-1][-1], phrase[0]):
            joined[-1] += phrase
        else:
            joined.append(phrase)
    return joined


@cache
def _load_parser(script: str) -> budoux.Parser:
    return PARSERS[script]()


def _may_break_between(before: str, after: str) -> bool:
    if category(after) in NOT_FIRST or after in SMALL_KANA:
        return False
    if category(before) in NOT_LAST or before == JOINER or combining(before) == VIRAMA:
        return False
    return not (before.isascii() and before.isalnum() and after.isascii() and after.isalnum())


def _cut_phrase(phrase: str, rules: Rules) -> Iterator[tuple[str, float]]:
    """The phrase, cut where a line is full if it is wider than one."""
    while rules.measure_width(phrase) > rules.limits.line:
        full = _count_fitting(phrase, rules)
        allowed = (
            at
            for at in range(full, full // 2, -1)
            if _may_break_between(phrase[at - 1], phrase[at])
        )
        at = next(allowed, full)
        yield phrase[:at], CUT
        phrase = phrase[at:]
    yield phrase, NEUTRAL


def _count_fitting(phrase: str, rules: Rules) -> int:
    """How many of its first characters fill a line."""
    width = 0.0
    for index, character in enumerate(phrase):
        width += rules.measure_width(character)
        if width > rules.limits.line:
            return index
    return len(phrase)


def _compute_cost(piece: Piece, after: str, script: str, language: str) -> float:
    if not after or piece.cost == CUT:
        return piece.cost
    cost = compute_break_cost(piece.text, after, language)
    # Where words are not parted by spaces, a space parts clauses.
    return min(cost, CLAUSE) if piece.spaced and script in PARSERS else cost
