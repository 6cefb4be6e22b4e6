"""SubRip: which lines are times, which are numbers of subtitles, and which are said."""

import pytest

from backend.documents.subtitles import parse_transcript
from backend.errors import Invalid

ONE, TWO, THREE = (f"00:00:0{n},000 --> 00:00:0{n},900" for n in (1, 2, 3))


def texts(text: str) -> list[str]:
    return [one.text for one in parse_transcript(text.encode(), "talk.srt").segments]


@pytest.mark.parametrize(
    "text",
    [
        f"1\n{ONE}\nUp.\n\n2\n{TWO}\nDown.\n",
        f"1\n{ONE}\nUp.\n2\n{TWO}\nDown.\n",
        f"1\n\n{ONE}\n\nUp.\n\n2\n\n{TWO}\n\nDown.\n",
        f"1\n{ONE}\nUp.\n\n\ufeff1\n{TWO}\nDown.\n",
        f"\ufeff1\n{ONE}\nUp.\n\n\u200b2\n{TWO}\nDown.\n",
        f"{ONE}\nUp.\n\n2\n{TWO}\nDown.\n",
        f"1\n{ONE}\nUp.\n\n2\n{TWO}\nDown.\n\n3\n",
        f"7\n{ONE}\nUp.\n\n31\n{TWO}\nDown.\n",
        f"1 {ONE}\nUp.\n\n2 {TWO}\nDown.\n",
        f"#1\n{ONE}\nUp.\n\n#2\n{TWO}\nDown.\n",
    ],
)
def test_no_number_of_a_subtitle_is_said(text):
    assert texts(text) == ["Up.", "Down."]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ONE}\nHow many?\n\n{TWO}\n5\n\n{THREE}\nSix!\n", ["How many?", "5", "Six!"]),
        (f"{ONE}\nHow many?\n{TWO}\n5\n{THREE}\nSix!\n", ["How many?", "5", "Six!"]),
        (f"1\n{ONE}\nHow many?\n\n2\n{TWO}\n5\n\n3\n{THREE}\n6\n", ["How many?", "5", "6"]),
        (f"1\n{ONE}\nHow many?\n\n2\n{TWO}\n5\n\n{THREE}\nSix!\n", ["How many?", "5", "Six!"]),
    ],
)
def test_a_number_that_is_said_is_kept(text, found):
    assert texts(text) == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"1\n{ONE}\nUp.\n\n2\n{TWO}\n3\n\n{THREE}\nDown.\n", 7),
        (f"{ONE}\nUp.\n\n5\n{TWO}\nDown.\n", 4),
        (f"1\n{ONE}\nUp.\n2\n", 4),
        (f"1\n{ONE}\nUp.\n\n2\n{TWO}\nDown.1\n{THREE}\nUp.\n", 7),
    ],
)
def test_a_number_that_may_be_either_is_refused(text, line):
    with pytest.raises(Invalid, match=rf"^talk\.srt, line {line}: \d may be said or be"):
        texts(text)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ("00:00:02,500-->00:00:04,000", (2.5, 4.0)),
        ("00:00:02.500 --> 00:00:04.000", (2.5, 4.0)),
        ("00:02,500 --> 00:04,000", (2.5, 4.0)),
        ("0:0:2,500 --> 0:0:4,000", (2.5, 4.0)),
        ("00:00:02,5 --> 00:00:04,25", (2.5, 4.25)),
        ("00: 00: 02, 500 --> 00 :00 :04 ,000", (2.5, 4.0)),
        ("00:00:02 --> 00:00:04", (2.0, 4.0)),
        ("00:00:02:500 --> 00:00:04:000", (2.5, 4.0)),
        ("00:00:02,500000 --> 00:00:04,000000", (2.5, 4.0)),
        ("-00:00:01,000 --> 00:00:04,000", (0.0, 4.0)),
        ("\uff10\uff10\uff1a00\uff1a02\uff0c500 --> 00:00:04,000", (2.5, 4.0)),
        ("100:00:02,500 --> 100:00:04,000", (360002.5, 360004.0)),
        ("00:00:02,500 --> 00:00:04,000 X1:100 X2:200 Y1:30 Y2:60", (2.5, 4.0)),
    ],
)
def test_times_are_read_where_they_leave_no_doubt(times, seconds):
    [one] = parse_transcript(f"1\n{times}\nHello.\n".encode(), "talk.srt").segments
    assert (one.start, one.end) == seconds


@pytest.mark.parametrize(
    "times",
    [
        "00:00:02,500 -> 00:00:04,000",
        "00:00:02,500 ---> 00:00:04,000",
        "00:00:02,500 \u2013> 00:00:04,000",
        "00:00:02,500 \u2192 00:00:04,000",
        "00:00:02,500 00:00:04,000",
        "00:00:02,500 - 00:00:04,000",
        "00:00:02,500",
        "00:00:02 - 00:00:04",
        "00:00:02,500 -->",
        "--> 00:00:04,000",
        "OO:00:02,500 --> 00:00:04,000",
        "00:00:02:12 --> 00:00:04:10",
        "00:02 --> 00:04",
        "00:00:62,500 --> 00:01:04,000",
        "00:00:02,500 --> 00:00:04,000 Hello there.",
        "-00:00:04,000 --> -00:00:02,000",
        "00:00:02,5000 --> 00:00:04,0000",
    ],
)
def test_times_that_leave_a_doubt_are_refused_by_line(times):
    text = f"1\n{ONE}\nHello.\n\n2\n{times}\nBye.\n"
    with pytest.raises(Invalid, match=r"^talk\.srt, line 6: "):
        texts(text)


@pytest.mark.parametrize(
    "words", ["From 10:30 to 12:45.", "10:30 - 12:45", "12:30, 15 people came.", "Go -> there"]
)
def test_clocks_that_are_said_are_no_times(words):
    assert texts(f"1\n{ONE}\n{words}\n") == [words]


def test_breaks_of_other_formats_are_breaks():
    assert texts(f"1\n{ONE}\nThe old painting\\Nhangs\\hthere.\n") == [
        "The old painting hangs there."
    ]


def test_a_webvtt_file_within_is_refused():
    with pytest.raises(Invalid, match=r"line 5: a WebVTT file begins here"):
        texts(f"1\n{ONE}\nUp.\n\nWEBVTT\n\n{TWO}\nDown.\n")
