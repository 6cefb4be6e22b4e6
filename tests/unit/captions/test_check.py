"""The checker finds each broken rule, and nothing in captions that keep them."""

import pytest

from workers.captions.check import RuleViolation, find_violations
from workers.captions.cues import Cue
from workers.captions.rules import build_rules

EN = build_rules("en")
AFTER = Cue(10.0, 12.0, "After")


def test_captions_that_keep_the_rules_break_none():
    assert find_violations([Cue(1.0, 3.0, "Fine."), AFTER], EN) == []


@pytest.mark.parametrize(
    ("cue", "rule", "value", "limit"),
    [
        (Cue(1.0, 5.0, "x" * 43), "line_length", 43, 42),
        (Cue(1.0, 5.0, "one\ntwo\nthree"), "lines", 3, 2),
        (Cue(1.0, 2.0, "x" * 21), "reading_speed", 21, 20),
        (Cue(1.0, 1.8, "Hi"), "too_short", 0.8, 0.834),
        (Cue(1.0, 8.5, "Hi"), "too_long", 7.5, 7.0),
        (Cue(7.0, 9.95, "Hi"), "gap", 1.2, 2),
        (Cue(8.0, 11.0, "Hi"), "gap", -24, 2),
        (Cue(7.0, 9.75, "Hi"), "unchained_gap", 6, 12),
    ],
)
def test_a_broken_rule_is_told_with_its_cue_its_value_and_its_limit(cue, rule, value, limit):
    assert find_violations([cue, AFTER], EN) == [
        RuleViolation(0, rule, pytest.approx(value), pytest.approx(limit))
    ]


def test_full_width_languages_count_half_width_characters_half():
    assert find_violations([Cue(0, 5, "あ" * 13)], build_rules("ja")) == []
    assert find_violations([Cue(0, 5, "a" * 26)], build_rules("ja")) == []
    assert [
        one.value for one in find_violations([Cue(0, 5, "あ" * 13 + "a")], build_rules("ja"))
    ] == [13.5]


@pytest.mark.parametrize(
    ("language", "line", "speed"),
    [
        ("es-MX", 42, 17),
        ("en", 42, 20),
        ("ar", 42, 20),
        ("he", 42, 17),
        ("hi", 42, 22),
        ("ru", 39, 17),
        ("th", 35, 17),
        ("ko", 16, 12),
        ("zh-TW", 16, 9),
        ("ja", 13, 7),
    ],
)
def test_each_language_has_the_limits_that_netflix_publishes(language, line, speed):
    limits = build_rules(language).limits
    assert (limits.line, limits.speed) == (line, speed)
