"""Subtitles and documents that users bring, as segments."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.subtitles import parse_transcript
from backend.documents.transcripts import Segment, Transcript, Translation
from backend.errors import Invalid
from workers.captions import formats
from workers.captions.cues import CaptionText, build_cues
from workers.captions.rules import build_rules

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello there.\n\n2\n00:00:03,000 --> 00:00:04,000\nBye.\n"


def said(text: str) -> list[tuple[float, float, str | None, str]]:
    document = parse_transcript(text.encode(), "talk.srt")
    assert [segment.id for segment in document.segments] == list(range(len(document.segments)))
    return [(one.start, one.end, one.speaker, one.text) for one in document.segments]


def srt(*lines: str) -> str:
    return "\n".join(["1", "00:00:01,000 --> 00:00:03,000", *lines, ""])


def vtt(*lines: str) -> str:
    return "\n".join(["WEBVTT", "", "00:01.000 --> 00:03.000", *lines, ""])


def texts(text: str) -> list[tuple[str | None, str]]:
    return [(speaker, words) for _, _, speaker, words in said(text)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_subrip(end):
    assert said(SRT.replace("\n", end)) == [
        (1.0, 2.5, None, "Hello there."),
        (3.0, 4.0, None, "Bye."),
    ]


def test_a_byte_order_mark_is_no_text():
    assert said("\ufeff" + SRT) == said(SRT)


def test_webvtt_leaves_comments_styles_and_names_out():
    text = """WEBVTT - a talk

STYLE
::cue { color: lime }

NOTE not to be spoken

opening
00:01.000 --> 00:02.500 align:start
Hello there.

NOTE
neither this

2
01:00:03.000 --> 01:00:04.000
Bye.
"""
    assert said(text) == [(1.0, 2.5, None, "Hello there."), (3603.0, 3604.0, None, "Bye.")]


def test_markup_goes_and_text_stays():
    assert texts(srt(r"{\an8}<i>5 < 6</i> <font color='red'>and</font>", "so on")) == [
        (None, "5 < 6 and so on")
    ]
    assert texts(vtt("<c.loud>Tom &amp; Ann</c> <00:02.000>&lt;3")) == [(None, "Tom & Ann <3")]


def test_empty_subtitles_are_left_out():
    empty = "3\n00:00:05,000 --> 00:00:06,000\n\n4\n00:00:07,000 --> 00:00:08,000\n<i> </i>\n"
    assert said(SRT + "\n" + empty) == said(SRT)


def test_subtitles_are_put_in_order_of_time_and_may_overlap():
    first = "9\n00:00:00,500 --> 00:00:03,500\nLong.\n"
    assert [one[:2] for one in said(SRT + "\n" + first)] == [(0.5, 3.5), (1.0, 2.5), (3.0, 4.0)]


def test_an_empty_line_does_not_end_the_text_of_a_subrip():
    assert texts(srt("one", "", "two")) == [(None, "one two")]


def test_subrips_need_no_empty_line_between():
    assert [one[3] for one in said(SRT.replace("\n\n", "\n"))] == ["Hello there.", "Bye."]


def test_voices_are_speakers_and_share_the_time_of_a_subtitle():
    assert said(vtt("<v Ann>Yes.</v> <v.loud Bob &amp; Co>No, never.")) == [
        (1.0, 1.571, "Ann", "Yes."),
        (1.571, 3.0, "Bob & Co", "No, never."),
    ]


@pytest.mark.parametrize("dash", ["- ", "-", "\u2013 "])
def test_dashes_part_speakers(dash):
    turns = srt(f"{dash}Where is", "he?", f"{dash}Here.")
    assert texts(turns) == [(None, "Where is he?"), ("B", "Here.")]


@pytest.mark.parametrize(
    ("line", "text"), [("- Here.", "Here."), ("-5 degrees", "-5 degrees"), ("well-known", None)]
)
def test_one_dash_alone_is_no_second_speaker(line, text):
    assert texts(srt(line)) == [(None, text or line)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no subtitle"),
        ("Just some words.\n", "holds no subtitle"),
        ("WEBVTT\n\n", "holds no subtitle"),
        ("Hello.\n" + SRT, "line 1: 'Hello.' is not the number of the first subtitle"),
        (SRT.replace("00:00:03,000 -->", "0:3 -->"), "line 6: '0:3 --> .*' are no times such as"),
        (SRT.replace("00:00:03,000", "00:00:63,000"), "line 6: "),
        (SRT.replace("00:00:03,000", "00:00:04,001"), "line 6: the subtitle ends before it begins"),
        (SRT.replace("Bye.", "A --> B"), "line 7: 'A --> B' are no times"),
        (SRT.replace("Bye.", "\0"), "line 7: a NUL is no text"),
        ('{"segments": [', "is no JSON document: .* line 1 column"),
        ('{"language": "en", "duration": 1}', "segments: Field required"),
        ('{"language": "en", "duration": NaN}', "is no JSON document"),
        ("{" * 10_000, "is no JSON document"),
    ],
)
def test_rubbish_is_refused_with_its_line_and_the_reason(text, problem):
    with pytest.raises(Invalid, match=rf"^talk\.srt.*{problem}"):
        parse_transcript(text.encode(), "talk.srt")


def test_what_is_no_utf_8_is_told_by_line():
    with pytest.raises(Invalid, match=r"line 3: this is no UTF-8 text"):
        parse_transcript(SRT.encode().replace(b"there", b"\xe9"), "talk.srt")


def test_our_own_documents_are_read_as_they_are():
    segments = (Segment(id=0, start=1, end=2, text="Hello.", speaker="A"),)
    transcript = Transcript(language="en", duration=3, segments=segments)
    assert parse_transcript(transcript.to_bytes(), "segments_src.json") == transcript
    translation = {"source_language": "en", "language": "es", "duration": 3, "lines": []}
    assert parse_transcript(json.dumps(translation).encode(), "x") == Translation(**translation)


TEXT = st.text(st.characters(categories=["L", "N"]), min_size=1)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), TEXT), min_size=1))
def test_what_we_write_as_captions_is_read_again(rows):
    """In both formats, with all the text there was."""
    said = [CaptionText(at / 1000, (at + length) / 1000, text) for at, length, text in rows]
    made = build_cues(said, build_rules("en"))
    for write in (formats.format_srt, formats.format_vtt):
        again = parse_transcript(write(made).encode(), "talk").segments
        assert [one.text for one in again] == [cue.text.replace("\n", " ") for cue in made]
