"""Subtitles in two languages at once: each shows the same words in one above the other.

One line may be too short to tell its language by; all upper lines together, and all lower ones, are
not. Where both are in the language of the recording, or it is not certain, nothing changes.
"""

from collections.abc import Callable, Sequence
from functools import cache

from backend.documents.cues import SubtitleCue
from backend.documents.languages import get_base_language
from backend.documents.spoken import find_spoken_text
from backend.documents.turns import strip_tags

MOST = 0.8  # of the subtitles have as many lines of one as of the other, in such a file
APART = 100  # times as likely one half is in the recording's language as the other
ENOUGH = 20_000  # characters tell the language
BRACKETS = str.maketrans("[]", "()")

Halves = tuple[Sequence[str], Sequence[str]]


def mark_second_language(
    cues: Sequence[SubtitleCue], language: str | None
) -> Sequence[SubtitleCue]:
    """The subtitles with what is not in the recording's language in brackets: shown, not said."""
    halves = [_split_halves(cue) for cue in cues]
    both = [one for one in halves if one]
    if language is None or not both or len(both) < MOST * len(cues):
        return cues
    upper, lower = (_join_words([one[n] for one in both]) for n in (0, 1))
    own = get_base_language(language)
    if _is_own(upper, lower, own):
        return [_mark(cue, one, 1) for cue, one in zip(cues, halves, strict=True)]
    if _is_own(lower, upper, own):
        return [_mark(cue, one, 0) for cue, one in zip(cues, halves, strict=True)]
    return cues


def _split_halves(cue: SubtitleCue) -> Halves | None:
    lines = [line for line in cue.lines if find_spoken_text(strip_tags(line))]
    middle = len(lines) // 2
    return None if not lines or len(lines) % 2 else (lines[:middle], lines[middle:])


def _join_words(parts: Sequence[Sequence[str]]) -> str:
    words = " ".join(find_spoken_text(strip_tags(line)) for part in parts for line in part)
    return words[:ENOUGH]


def _is_own(one: str, other: str, own: str) -> bool:
    """Whether the first text is in a language and the second is certainly in another."""
    found, rest = _weigh_languages(one), _weigh_languages(other)
    first, second = (max(weights, key=weights.__getitem__) for weights in (found, rest))
    return first == own != second and found[own] >= APART * rest[own]


def _weigh_languages(text: str) -> dict[str, float]:
    """How likely the text is in each language, by its base tag."""
    return {language: float(weight) for language, weight in _load_ranking()(text)}


@cache
def _load_ranking() -> Callable[[str], Sequence[tuple[str, float]]]:
    """The classifier; it takes seconds to load, and few files need it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    ranking: Callable[[str], Sequence[tuple[str, float]]] = LanguageIdentifier.from_model_file(
        MODEL_FILE, norm_probs=True
    ).rank
    return ranking


def _mark(cue: SubtitleCue, halves: Halves | None, foreign: int) -> SubtitleCue:
    if not halves:
        return cue
    shown = " ".join(strip_tags(line).translate(BRACKETS) for line in halves[foreign])
    lines = [*halves[0], f"[{shown}]"] if foreign else [f"[{shown}]", *halves[1]]
    others = [line for line in cue.lines if not find_spoken_text(strip_tags(line))]
    return cue._replace(lines=[*others, *lines])
