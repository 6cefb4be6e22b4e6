"""What a user wants certain words to become: translated so, kept, spoken so."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Invalid

MOST_ENTRIES = 1000
LONGEST = 100  # characters of a term
FIELD = "glossary"
# Scripts without spaces, and Korean, whose endings stand right after a word.
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


def _clean(text: str) -> str:
    cleaned = collapse_lines(text)
    if not 1 <= len(cleaned) <= LONGEST:
        raise ValueError(f"it needs 1 to {LONGEST} characters")
    return cleaned


TermText = Annotated[str, AfterValidator(_clean)]


class GlossaryEntry(BaseModel):
    """A term of the source; without a translation it stays as it is.

    `language` is the target language it is for, and `source_language` that of the term; None is
    any. `pronunciation` is how the translation, or the term that stays, is written for the voice.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )

    term: TermText
    language: str | None = None
    translation: TermText | None = None
    pronunciation: TermText | None = None
    source_language: str | None = None

    @property
    def said(self) -> str:
        """What stands for it in the translation."""
        return self.translation or self.term


Glossary = Sequence[GlossaryEntry]
Terms = Sequence[tuple[str, str]]  # a term, and what stands for it


def normalize_glossary(glossary: Glossary) -> tuple[GlossaryEntry, ...]:
    """With language tags in standard form; raises `Invalid` for too many, or one told twice."""
    if len(glossary) > MOST_ENTRIES:
        raise Invalid(FIELD, f"it has {len(glossary)} entries, and may have {MOST_ENTRIES}")
    found: dict[tuple[str | None, ...], GlossaryEntry] = {}
    for entry in glossary:
        tags = (_normalize(entry.source_language), _normalize(entry.language))
        place = (entry.term.casefold(), *tags)
        if place in found:
            whom = f"for {tags[1]}" if tags[1] else "for all languages"
            raise Invalid(FIELD, f"'{entry.term}' is there twice {whom}: leave one out")
        found[place] = entry.model_copy(update={"source_language": tags[0], "language": tags[1]})
    return tuple(found.values())


def _normalize(tag: str | None) -> str | None:
    return languages.normalize(tag, FIELD) if tag else None


def choose_terms(glossary: Glossary, source: str, target: str) -> Terms:
    """What holds between two languages: of several entries for a term the nearest one."""
    return [(entry.term, entry.said) for entry in _choose_entries(glossary, source, target)]


def choose_pronunciations(glossary: Glossary, source: str, target: str) -> Mapping[str, str]:
    """How words of the translation are written for the voice."""
    chosen = _choose_entries(glossary, source, target)
    return {entry.said: entry.pronunciation for entry in chosen if entry.pronunciation}


def list_key_terms(glossary: Glossary, source: str) -> tuple[str, ...]:
    """What is said in the source language and easily misheard; any for `auto`."""
    spoken = (entry for entry in glossary if _rate(entry.source_language, source) is not None)
    return tuple(dict.fromkeys(entry.term for entry in spoken))


def _choose_entries(glossary: Glossary, source: str, target: str) -> Iterable[GlossaryEntry]:
    nearest: dict[str, tuple[tuple[int, int], GlossaryEntry]] = {}
    for entry in glossary:
        of, to = _rate(entry.source_language, source), _rate(entry.language, target)
        if of is None or to is None:
            continue
        known = nearest.get(entry.term.casefold())
        if known is None or known[0] < (to, of):
            nearest[entry.term.casefold()] = ((to, of), entry)
    return [entry for _, entry in nearest.values()]


def _rate(tag: str | None, language: str) -> int | None:
    """How near an entry's tag is to a language; None when it is for another one."""
    if tag is None or language == "auto":
        return 0
    if tag == language:
        return 2
    return 1 if tag == languages.get_base_language(language) else None


def find_terms(terms: Terms, text: str) -> Terms:
    """Those that are in a text, as words of their own, in capitals or not."""
    folded = text.casefold()
    # To look for a pattern takes long, and most terms are in no text.
    near = [(term, said) for term, said in terms if term.casefold() in folded]
    return [(term, said) for term, said in near if _build_pattern([term]).search(text)]


def find_missed_terms(terms: Terms, source: str, text: str) -> Iterator[str]:
    """What a translation lacks, in words for translators and users.

    Endings may follow what stands for a term, so that it is looked for as a part of words.
    """
    folded = text.casefold()
    for term, said in find_terms(terms, source):
        if said.casefold() not in folded:
            yield f"it lacks '{said}' for '{term}'"


def write_for_voice(text: str, pronunciations: Mapping[str, str]) -> str:
    """The text as it is to be spoken."""
    folded = text.casefold()
    known = {word.casefold(): spoken for word, spoken in pronunciations.items()}
    near = [word for word in known if word in folded]
    if not near:
        return text
    return _build_pattern(near).sub(lambda found: known.get(found[0].casefold(), found[0]), text)


def _build_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, the longest first."""
    each = (_build_alternative(word) for word in sorted(words, key=len, reverse=True))
    return re.compile("|".join(each), re.IGNORECASE)


def _build_alternative(word: str) -> str:
    begin = r"(?<!\w)" if _is_spaced(word[0]) else ""
    end = r"(?!\w)" if _is_spaced(word[-1]) else ""
    return f"{begin}{re.escape(word)}{end}"


def _is_spaced(character: str) -> bool:
    return character.isalnum() and not UNSPACED.match(character)
