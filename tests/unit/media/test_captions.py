"""Captions are legible, and say all that was said."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.segments import Segment
from workers.media.captions import LINE_WIDTH, LINES, Cue, cues, srt, txt, vtt

LONG = " ".join(f"palabra{number}" for number in range(40))


def test_long_text_goes_on_in_further_cues_for_its_share_of_the_time():
    made = list(cues([Cue(10.0, 30.0, LONG)]))
    assert len(made) > 3
    assert made[0].start == 10.0
    assert made[-1].end == pytest.approx(30.0)
    for before, after in pairwise(made):
        assert before.end == after.start
    per_character = [(cue.end - cue.start) / len(cue.text) for cue in made]
    assert max(per_character) == pytest.approx(min(per_character))


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300))
def test_no_text_is_lost_and_no_line_too_long(text):
    made = list(cues([Cue(0.0, 5.0, text)]))
    assert "".join("".join(cue.text.split()) for cue in made) == "".join(text.split())
    for cue in made:
        lines = cue.text.split("\n")
        assert len(lines) <= LINES
        assert all(0 < len(line) <= LINE_WIDTH for line in lines)
        assert cue.end > cue.start


def test_srt_counts_cues_and_hours():
    assert srt([Cue(3599.9996, 3661.25, "Uno"), Cue(3700, 3700, "Dos")]) == (
        "1\n01:00:00,000 --> 01:01:01,250\nUno\n\n2\n01:01:40,000 --> 01:01:40,833\nDos\n\n"
    )


def test_vtt_escapes_what_would_be_markup():
    assert vtt([Cue(0, 1.5, 'a <b> & "c" --> d')]) == (
        'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\na &lt;b&gt; &amp; "c" --&gt; d\n'
    )


def test_line_breaks_in_the_text_cannot_end_a_cue():
    assert "\n\n" not in srt([Cue(0, 1, "a\n\nb\r\nc")]).rstrip()


def test_txt_has_speakers_where_they_are_asked_for_and_known():
    said = [
        Segment(id=0, start=0, end=1, text="Hi\nthere.", speaker="A"),
        Segment(id=1, start=1, end=2, text="Bye."),
    ]
    assert txt(said, speakers=True) == "A: Hi there.\nBye.\n"
    assert txt(said, speakers=False) == "Hi there.\nBye.\n"
