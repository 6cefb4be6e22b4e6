"""Scripts that run from right to left, in plain text: logical order, and a mark where it is needed.

Players find a line's direction by its first letter (Unicode Bidirectional Algorithm, P2 and P3;
W3C, WebVTT, 7.4). A line that begins with a name in another script would have its punctuation at
the wrong end; a right-to-left mark in front puts that right (W3C, How to use Unicode controls for
bidi text). Any other control character would show as a box in some players.
"""

from unicodedata import bidirectional

from backend.documents import languages

RIGHT_TO_LEFT = {"Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"}
MARK = "\u200f"


def is_right_to_left(language: str) -> bool:
    """Whether the language is written from right to left."""
    return languages.get_script(language) in RIGHT_TO_LEFT


def mark_direction(line: str, language: str) -> str:
    """The line, marked if a player would take it for one that runs from left to right."""
    strong = (kind for kind in map(bidirectional, line) if kind in ("L", "R", "AL"))
    return MARK + line if is_right_to_left(language) and next(strong, "R") == "L" else line
