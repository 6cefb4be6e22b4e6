"""WebVTT by its specification."""

import pytest

from backend.documents.subtitles import parse_transcript
from backend.errors import Invalid


def read(*lines: str) -> list[tuple[float, float, str | None, str]]:
    text = "\n".join(lines)
    document = parse_transcript(text.encode(), "talk.vtt")
    return [(one.start, one.end, one.speaker, one.text) for one in document.segments]


def test_a_line_of_spaces_ends_no_cue():
    assert read(
        *("WEBVTT", "", "00:00.500 --> 00:02.000", " ", "Good morning.", ""),
        *("00:02.500 --> 00:04.000", "The old painting", "\t", "hangs there."),
    ) == [(0.5, 2.0, None, "Good morning."), (2.5, 4.0, None, "The old painting hangs there.")]


def test_lines_whose_ends_were_doubled_end_no_cue():
    text = "WEBVTT\n\n00:00.500 --> 00:02.000\nGood\nmorning.\n".replace("\n", "\r\r\n")
    assert read(text) == [(0.5, 2.0, None, "Good morning.")]


def test_what_is_no_cue_is_left_out():
    assert read(
        *("WEBVTT - a talk", "Kind: captions", "Language: en", ""),
        *("STYLE", "::cue { color: lime }", "", "REGION", "id:fred", "", "NOTE", "not this", ""),
        *("name of a cue", "01:00:00.500 --> 01:00:02.000 line:0% align:start", "Good.", ""),
        *("NOTE nor this", "", "7", "", "01:00:03.000 --> 01:00:04.000", "Bye."),
    ) == [(3600.5, 3602.0, None, "Good."), (3603.0, 3604.0, None, "Bye.")]


def test_tags_escapes_and_readings_are_no_text():
    assert read(
        *("WEBVTT", "", "00:01.000 --> 00:02.000"),
        "<c.red>Tom</c> &amp; <b>Ann</b> <lang en>&lt;3</lang> <00:01.500>now&nbsp;here",
        "<ruby>\u6f22<rt>kan</rt>\u5b57<rt>ji</rt></ruby>",
    ) == [(1.0, 2.0, None, "Tom & Ann <3 now here \u6f22\u5b57")]


def test_a_voice_ends_where_its_tag_does():
    spoken = read("WEBVTT", "", "00:01.000 --> 00:02.000", "<v Ann>Yes.</v> No. <v.loud Bob>Oh.")
    assert [one[2:] for one in spoken] == [("Ann", "Yes."), (None, "No."), ("Bob", "Oh.")]


def test_dashes_before_voices_are_not_said():
    spoken = read("WEBVTT", "", "00:01.000 --> 00:02.000", "- <v Ann>Yes.", "- <v Bob>No.")
    assert [one[2:] for one in spoken] == [("Ann", "Yes."), ("Bob", "No.")]


@pytest.mark.parametrize("head", [["", "WEBVTT"], ["webvtt"]])
def test_the_head_is_the_first_line_in_capitals(head):
    with pytest.raises(Invalid, match=r"WebVTT has WEBVTT, in capitals, in its first line"):
        read(*head, "", "00:01.000 --> 00:02.000", "Hello.")


def test_files_of_a_stream_that_were_joined_go_on_in_time():
    stream = "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{}"
    assert read(
        *("WEBVTT", stream.format(900_000), "", "00:01.000 --> 00:02.000", "One.", ""),
        *("00:09.000 --> 00:11.000", "Two."),
        *("WEBVTT", stream.format(1_800_000), "", "00:01.000 --> 00:02.000", "Three."),
    ) == [
        (1.0, 2.0, None, "One."),
        (9.0, 11.0, None, "Two."),
        (11.0, 12.0, None, "Three."),
    ]


def test_a_cue_that_two_files_have_is_one():
    assert read(
        *("WEBVTT", "", "00:01.000 --> 00:02.000", "One.", ""),
        *("WEBVTT", "", "00:01.000 --> 00:02.000", "One.", "", "00:03.000 --> 00:04.000", "Two."),
    ) == [(1.0, 2.0, None, "One."), (3.0, 4.0, None, "Two.")]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["00:01.000 --> 00:02.000", "Up.", "", "down."], "line 6: 'down.' has no times"),
        (["00:01.000 -> 00:02.000", "Up."], "line 3: '00:01.000 -> .*' are no times"),
        (["00:01.000 --> 00:02.000", "Up.", "00:03.000 -> 00:04.000"], "line 5: .* are no times"),
        (["a", "b", "00:01.000 --> 00:02.000", "Up."], "line 3: 'a' has no times"),
        (["00:01.000 --> 00:02.000", "Up --> down."], "line 4: 'Up --> down.' are no times"),
    ],
)
def test_what_a_player_would_drop_is_refused(lines, problem):
    with pytest.raises(Invalid, match=rf"^talk\.vtt, {problem}"):
        read("WEBVTT", "", *lines)


@pytest.mark.parametrize(
    ("stamp", "problem"),
    [("MPEGTS:900000", "tells no LOCAL"), ("LOCAL:00:00:09.000,MPEGTS:0", "begin before")],
)
def test_a_stream_whose_times_are_not_told_is_refused(stamp, problem):
    with pytest.raises(Invalid, match=problem):
        read("WEBVTT", "", "00:01.000 --> 00:02.000", "A", "", "WEBVTT", f"X-TIMESTAMP-MAP={stamp}")
