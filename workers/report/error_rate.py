"""How much of a dub comes across: what was said against what a recogniser hears."""

import unicodedata
from typing import Literal

import jiwer

from backend.documents import languages
from backend.documents.base import Document

# Scripts that part no words by spaces: what a word is there is the recogniser's own choice, so
# characters are compared (as Radford et al., Robust Speech Recognition, 2022, appendix C, do).
UNPARTED = {"Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai"}

LETTERS = "LMN"  # letters, marks and digits, by their Unicode categories
APOSTROPHES = str.maketrans("", "", "'\N{RIGHT SINGLE QUOTATION MARK}")  # they stand within words


class WordErrors(Document):
    """Which `unit` was compared, the share of `errors`, and who listened."""

    unit: Literal["word", "character"]
    errors: float
    provider: str
    model: str


def choose_unit(language: str) -> Literal["word", "character"]:
    """What errors are counted in."""
    return "character" if languages.get_script(language) in UNPARTED else "word"


def compute_error_rate(said: str, heard: str, language: str) -> float:
    """Substitutions, deletions and insertions by the words (or characters) said; 1.0 is all wrong.

    Capitals, punctuation and the way in which accents are encoded do not count.
    """
    reference, hypothesis = _normalize_text(said), _normalize_text(heard)
    if choose_unit(language) == "word":
        return float(jiwer.wer(reference, hypothesis))
    return float(jiwer.cer(reference.replace(" ", ""), hypothesis.replace(" ", "")))


def _normalize_text(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(APOSTROPHES)
    kept = (one if unicodedata.category(one)[0] in LETTERS else " " for one in folded)
    return " ".join("".join(kept).split())
