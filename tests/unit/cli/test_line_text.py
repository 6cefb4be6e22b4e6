"""The lines of a dub as text to edit."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cli.line_text import format_lines, parse_changes

LINES = [
    {"id": 0, "start": 0.5, "end": 2.0, "text": "Hola.", "speaker": "A", "voice": None},
    {"id": 1, "start": 3661.25, "end": 3662.0, "text": "¿Qué tal?", "speaker": None, "voice": "f2"},
]


def test_what_is_not_edited_is_not_changed():
    assert parse_changes(format_lines(LINES), LINES) == {}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("Hola.", "Buenas.", {0: {"text": "Buenas."}}),
        ("Hola.", "Hola,\nbuenas.", {0: {"text": "Hola,\nbuenas."}}),
        ("Hola.", "", {0: {"text": ""}}),
        ("00:00:02,000", "00:00:02,500", {0: {"end": 2.5}}),
        ("speaker A", "speaker B", {0: {"speaker": "B"}}),
        (" | voice f2", "", {1: {"voice": None}}),
        ("| speaker A", "| speaker A | voice m3", {0: {"voice": "m3"}}),
    ],
)
def test_what_is_edited_is_found(old, new, changed):
    text = format_lines(LINES)
    assert old in text
    assert parse_changes(text.replace(old, new), LINES) == changed


def test_a_block_that_was_taken_out_changes_nothing():
    assert parse_changes(format_lines(LINES[:1]), LINES) == {}


def test_a_text_may_begin_with_what_begins_the_help():
    line = {**LINES[0], "text": "#1 en ventas"}
    assert parse_changes(format_lines([line]), [line]) == {}
    assert parse_changes(format_lines([line]).replace("#1", "# 1"), [line]) == {
        0: {"text": "# 1 en ventas"}
    }


def test_a_speaker_is_read_back_as_it_was_written():
    line = {**LINES[0], "speaker": "Ann | Bob", "voice": "f2"}
    text = format_lines([line]).replace("Hola.", "Buenas.").replace("| voice f2", "| voice m3")
    assert parse_changes(text, [line]) == {0: {"text": "Buenas.", "voice": "m3"}}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2 | voice f2", "7 | voice f2", "no line 7"),
        ("00:00:00,500", "half a second", "half a second"),
    ],
)
def test_what_cannot_be_read_is_said(old, new, said):
    with pytest.raises(click.ClickException, match=said):
        parse_changes(format_lines(LINES).replace(old, new), LINES)


@given(start=st.integers(0, 10**8))
def test_times_are_read_as_they_were_written(start):
    line = {**LINES[0], "start": start / 1000, "end": start / 1000 + 1}
    assert parse_changes(format_lines([line]), [line]) == {}
