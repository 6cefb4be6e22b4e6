"""Amounts, dates, times and measures in words, in the order in which they are spoken.

Numbers alone, and per cents, espeak-ng reads well in every language. Names of currencies, units and
months are CLDR's, by Babel.
"""

import re
from datetime import date

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import get_currency_name
from babel.units import format_unit

from backend.documents import languages

CURRENCIES = {"R$": "BRL", "US$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
UNITS = {
    "km/h": "speed-kilometer-per-hour",
    "mph": "speed-mile-per-hour",
    "km": "length-kilometer",
    "cm": "length-centimeter",
    "mm": "length-millimeter",
    "kg": "mass-kilogram",
    "°C": "temperature-celsius",
    "°F": "temperature-fahrenheit",
}
# What stands between a million and what there is a million of.
OF = {"pt": "de", "es": "de", "fr": "de", "it": "di"}
NUMBER = r"\d+(?:[.,]\d+)*"
SIGN = "|".join(re.escape(sign) for sign in CURRENCIES)
MANY = r"mil\b|thousand|(?:m|b|tr)il[lh]?[iõo]\w+|milliards?|miliard\w+|mila"
AMOUNT_AFTER = re.compile(rf"({SIGN})\s?({NUMBER})(?:\s({MANY}))?", re.IGNORECASE)
AMOUNT_BEFORE = re.compile(rf"({NUMBER})(?:\s({MANY}))?\s?(€|£)", re.IGNORECASE)
MEASURE = re.compile(rf"({NUMBER})\s?({'|'.join(UNITS)})(?!\w)")
ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
DAY_FIRST = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
HOURS = re.compile(r"\b(\d{1,2})\s?h\s?(\d{2})?\b")


def write_out(text: str, language: str) -> str:
    """The text as it is to be spoken in a language that CLDR knows; in others as it is."""
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return text
    text = AMOUNT_AFTER.sub(lambda m: _say_amount(m[2], m[3], m[1], locale), text)
    text = AMOUNT_BEFORE.sub(lambda m: _say_amount(m[1], m[2], m[3], locale), text)
    text = MEASURE.sub(lambda m: _say_measure(m[1], UNITS[m[2]], locale), text)
    text = ISO_DATE.sub(lambda m: _say_date(m, (1, 2, 3), locale), text)
    if languages.get_base_language(language) == "en":
        return text  # where 3/4 may be the third of April, or the fourth of March
    text = DAY_FIRST.sub(lambda m: _say_date(m, (3, 2, 1), locale), text)
    return HOURS.sub(lambda m: _say_hours(m, locale), text)


def parse_number(text: str) -> float:
    """A number as any language writes it: three digits after a mark are thousands."""
    *wholes, last = re.split("[.,]", text)
    if wholes and len(last) != len("000"):
        return float(f"{''.join(wholes)}.{last}")
    return float("".join([*wholes, last]))


def _say_amount(number: str, many: str | None, sign: str, locale: Locale) -> str:
    value, code = parse_number(number), CURRENCIES[sign.upper()]
    if many:
        of = OF.get(locale.language) if many.lower() not in {"mil", "mila"} else None
        return " ".join(filter(None, (number, many, of, _name_currency(code, 2, locale))))
    whole = int(value)
    spoken = f"{whole} {_name_currency(code, whole, locale)}"
    part = round(100 * (value - whole))
    return format_list([spoken, str(part)], locale=locale) if part else spoken


def _name_currency(code: str, count: int, locale: Locale) -> str:
    """Without the country that one says only to tell it from another dollar."""
    words = get_currency_name(code, count, locale).split()
    if locale.language in OF:
        return words[0]
    return words[-1] if locale.language == "en" else " ".join(words)


def _say_measure(number: str, unit: str, locale: Locale) -> str:
    return format_unit(parse_number(number), unit, "long", locale=locale)


def _say_date(found: re.Match[str], order: tuple[int, int, int], locale: Locale) -> str:
    try:
        day = date(*(int(found[part]) for part in order))
    except ValueError:  # a fraction, or the number of something
        return found[0]
    return format_date(day, "long", locale)


def _say_hours(found: re.Match[str], locale: Locale) -> str:
    hours = format_unit(int(found[1]), "duration-hour", "long", locale=locale)
    return format_list([hours, found[2]], locale=locale) if found[2] else hours
