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
        ("", "is neither SRT nor WebVTT"),
        ("Just some words.\n", "is neither SRT nor WebVTT"),
        ("{12}{50}Good morning.\n{60}{100}Bye.\n", "is neither SRT nor WebVTT but MicroDVD"),
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


@pytest.mark.parametrize("end", ["\r\r\n", "\n\n"])
def test_lines_that_were_doubled_are_single(end):
    assert said(SRT.replace("\n", end)) == said(SRT)


def test_our_own_documents_are_read_as_they_are():
    segments = (Segment(id=0, start=1, end=2, text="Hello.", speaker="A"),)
    transcript = Transcript(language="en", duration=3, segments=segments)
    assert parse_transcript(transcript.to_bytes(), "segments_src.json") == transcript
    line = {"id": 0, "start": 1, "end": 2, "source": "Hello.", "text": "Hola."}
    translation = {"source_language": "en", "language": "es", "duration": 3, "lines": [line]}
    assert parse_transcript(json.dumps(translation).encode(), "x") == Translation(**translation)


def test_documents_too_tell_speakers_by_the_names_in_their_texts():
    segments = (
        Segment(id=0, start=1, end=2, text="MARY: Hello."),
        Segment(id=1, start=2, end=3, text="TOM: Hello.", speaker="B"),
    )
    document = Transcript(language="en", duration=3, segments=segments).to_bytes()
    read = parse_transcript(document, "segments_src.json").segments
    assert [(one.speaker, one.text) for one in read] == [
        ("MARY", "MARY: Hello."),
        ("B", "TOM: Hello."),
    ]


def test_names_that_most_texts_begin_with_are_speakers():
    text = "".join(srt(f"{who}: Hello.") for who in ("Ann Lee", "Bob", "Ann Lee"))
    assert texts(text) == [
        ("Ann Lee", "[Ann Lee]: Hello."),
        ("Bob", "[Bob]: Hello."),
        ("Ann Lee", "[Ann Lee]: Hello."),
    ]


@pytest.mark.parametrize("others", [("Bob: No.", "Then: go."), ("Ann: No.", "Go.", "Go.")])
def test_a_word_before_a_colon_is_said(others):
    lines = ("Ann: Hello.", *others)
    assert [one[1] for one in texts("".join(srt(line) for line in lines))] == list(lines)


ASS = """[Script Info]
Title: a talk

[Events]
Format: Layer, Start, End, Style, Name, Text
Comment: 0,0:00:00.00,0:00:09.00,Default,,not this
Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann,{\\i1}Hello,{\\i0} there.\\Nand here
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,{\\p1}m 0 0 l 9 9{\\p0}Bye.
"""


def test_substation_alpha():
    assert said(ASS) == [(1.0, 2.5, "Ann", "Hello, there. and here"), (3.0, 4.0, None, "Bye.")]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("0:00:03.00,", "soon,", "line 8: 'soon' is no time such as"),
        ("0:00:04.00,", "0:00:01.00,", "line 8: the subtitle ends before it begins"),
        ("Format: Layer, Start", "Format: Layer, Begin", "line 7: no Format above"),
        ("Dialogue: 0,0:00:03.00,0:00:04.00,Default,,", "Dialogue: 0,", "line 8: the Format above"),
        ("Dialogue: 0,0:00:03", "Dialog 0,0:00:03", "line 8: 'Dialog 0,.*' is no event"),
    ],
)
def test_a_broken_event_is_refused(old, new, problem):
    with pytest.raises(Invalid, match=rf"^talk\.ass, {problem}"):
        parse_transcript(ASS.replace(old, new).encode(), "talk.ass")


SBV = "0:00:01.000,0:00:02.500\nHello[br]there.\n\n0:00:03.000,0:00:04.000\n5\n"


def test_sbv():
    assert said(SBV) == [(1.0, 2.5, None, "Hello there."), (3.0, 4.0, None, "5")]
    with pytest.raises(Invalid, match=r"line 4: '0:00:3\.0,0:00:04\.000' are no times"):
        said(SBV.replace("0:00:03.000", "0:00:3.0"))


PIECES = r"""1 2 5 42 Hello. WEBVTT NOTE --> -> 00:00:01,000 00:00:02,000 00:01.000 0:00:01.00 00:03
<v~Ann> </v> <00:00:01.500> <ruby> <rt> </ruby> <c.x> &amp; &lt; {\an8} {\p1} {1}{2} {" [x] ( ) [ ]
MARY: >> - ~ ~~ ~-->~ \N [br] [Events] [Script~Info] Format:~Start,End,Text X1:1
Dialogue:~0:00:01.00,0:00:02.00, 0:00:01.000,0:00:02.000 00:00:01,000~-->~00:00:02,000
X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000
"""
MARKS = ["\n", "\n\n", "\r\r\n", " ", "\ufeff", "\0", "\u00e9", "\u266a", "1\n", "STYLE\n"]
TIMES = ["\n00:00:01,000 --> 00:00:02,000\n", "\n00:01.000 --> 00:02.000\n"]
PARTS = [part.replace("~", " ") for part in PIECES.split()] + MARKS + TIMES
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=4)).map("".join)


@given(TEXTS, st.sampled_from(["utf-8", "utf-16-le"]))
def test_whatever_comes_is_read_or_refused(text, encoding):
    content = text.encode(encoding, "surrogatepass")
    try:
        read = parse_transcript(content, "talk")
    except Invalid as error:
        assert str(error).startswith("talk")
    else:
        assert all(one.end >= one.start >= 0 for one in read.segments)


@given(st.binary())
def test_no_bytes_are_too_odd(content):
    try:
        parse_transcript(content, "talk")
    except Invalid as error:
        assert str(error).startswith("talk")


TEXT = st.text(st.characters(categories=["L", "N"]), min_size=1)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), TEXT), min_size=1))
def test_what_we_write_as_captions_is_read_again(rows):
    """In both formats, with all the text there was."""
    said = [CaptionText(at / 1000, (at + length) / 1000, text) for at, length, text in rows]
    made = build_cues(said, build_rules("en"))
    for write in (formats.format_srt, formats.format_vtt):
        again = parse_transcript(write(made).encode(), "talk").segments
        assert [one.text for one in again] == [cue.text.replace("\n", " ") for cue in made]
