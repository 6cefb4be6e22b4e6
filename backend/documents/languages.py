"""Language tags (BCP 47): in standard form, by name, and as containers spell them."""

from collections.abc import Sequence

import langcodes

from backend.errors import Invalid

# What RFC 5646 (BCP 47), 4.4.1, has every implementation make room for; no real tag is longer.
LONGEST_TAG = 35


DETECT = "auto"  # in place of the tag of a source language: whatever is heard


def normalize(tag: str, field: str = "language") -> str:
    """The tag in standard form (`PT_br` gives `pt-BR`); raises `Invalid` for no known language."""
    if len(tag) > LONGEST_TAG:
        raise Invalid(field, f"a language tag has at most {LONGEST_TAG} characters")
    try:
        language = langcodes.Language.get(tag.strip())
    except langcodes.LanguageTagError:
        raise Invalid(field, _format_unknown(tag)) from None
    if not tag.strip() or not language.is_valid() or language.language in (None, "und"):
        raise Invalid(field, _format_unknown(tag))
    return language.to_tag()


def _format_unknown(tag: str) -> str:
    return f"'{tag}' is no language tag; use one such as es, pt or pt-BR (BCP 47)"


def get_base_language(tag: str) -> str:
    """The language without script and region: `pt-BR` gives `pt`."""
    return str(langcodes.Language.get(tag).language)


def match_code(tag: str, codes: Sequence[str]) -> str | None:
    """That of an engine's codes which means this language, also an older one (`jv`: `jw`)."""
    same = 1  # CLDR's distance of what is one language, as `nb` and `no`
    base = get_base_language(tag)
    return langcodes.closest_supported_match(base, list(codes), max_distance=same)


def get_name(tag: str) -> str:
    """The language's English name: `pt-BR` gives `Portuguese (Brazil)`."""
    return langcodes.Language.get(tag).display_name()


def get_own_name(tag: str) -> str:
    """What the language's speakers call it: `pt-BR` gives `português (Brasil)`."""
    return langcodes.Language.get(tag).autonym()


def get_iso639_2(tag: str) -> str:
    """The three-letter code that MP4 and Matroska carry (ISO 639-2/T): `es` gives `spa`."""
    return langcodes.Language.get(tag).to_alpha3()


def is_same_language(one: str, other: str) -> bool:
    """Whether both tags, as files carry them (`ger`, `deu`, `de-AT`), mean one language."""
    try:
        return get_base_language(one) == get_base_language(other)
    except langcodes.LanguageTagError:
        return False


def find_iso639_2(tag: str | None) -> str | None:
    """As `get_iso639_2`, of a tag as files carry it; None for one that tells no language."""
    try:
        code = get_iso639_2(tag or "und")
    except (langcodes.LanguageTagError, LookupError):
        return None
    return None if code == "und" else code


def get_script(tag: str) -> str:
    """The script it is written in (ISO 15924): `zh-TW` gives `Hant`."""
    return str(langcodes.Language.get(tag).maximize().script)
