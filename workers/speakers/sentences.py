"""Words as recognised, cut into sentences: what a person says in one go."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from backend.documents.transcripts import Word

Words = Sequence[Word]

SENTENCE_PAUSE_S = 0.7
LONGEST_SENTENCE_S = 12.0

ENDS_SENTENCE = re.compile(r"[.!?…。！？।]+[\"'”’»)\]]*$")  # noqa: RUF001 - all scripts
# A full stop after these, or after a single letter, ends no sentence.
ABBREVIATIONS = frozenset(
    ("mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "sr.", "jr.", "vs.", "etc.", "no.", "sra.", "hr.")
)
INITIAL = re.compile(r"^\w\.$")


def cut_sentences(words: Words) -> list[Words]:
    """Sentences by their marks, those with a long pause or too long a run cut further."""
    return [
        piece for sentence in _split_at_marks(words) for piece in split_at_long_pauses(sentence)
    ]


def split_at_long_pauses(
    words: Words, pause_s: float = SENTENCE_PAUSE_S, longest_s: float = LONGEST_SENTENCE_S
) -> list[Words]:
    """Split at each long pause, and at the longest one while the whole is too long."""
    if not words:
        return []
    pauses = [after.start - before.end for before, after in pairwise(words)]
    long = words[-1].end - words[0].start > longest_s
    if not pauses or not (long or max(pauses) >= pause_s):
        return [words]
    middle = (words[0].start + words[-1].end) / 2
    # Of pauses that are as long, none at all included, the one nearest to the middle.
    at = max(range(len(pauses)), key=lambda i: (pauses[i], -abs(words[i].end - middle))) + 1
    sides = (words[:at], words[at:])
    return [part for side in sides for part in split_at_long_pauses(side, pause_s, longest_s)]


def _split_at_marks(words: Words) -> Iterator[Words]:
    begin = 0
    for number, word in enumerate(words, 1):
        if _ends_sentence(word.text) or number == len(words):
            yield words[begin:number]
            begin = number


def _ends_sentence(text: str) -> bool:
    if not ENDS_SENTENCE.search(text):
        return False
    return text.lower() not in ABBREVIATIONS and not INITIAL.match(text)
