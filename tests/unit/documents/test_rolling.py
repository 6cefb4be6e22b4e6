"""Captions that roll, as video sites write them while somebody speaks."""

from backend.documents.subtitles import parse_transcript

CUES = [
    (0.5, 2.5, "", "good<00:00:00.900><c> morning</c>"),
    (2.5, 2.51, "good morning", ""),
    (2.51, 4.3, "good morning", "the<00:00:02.800><c> old</c><00:00:03.100><c> hall</c>"),
    (4.3, 4.31, "the old hall", ""),
    (4.31, 5.7, "the old hall", "is<00:00:04.600><c> open</c>"),
]


def read(head: str, cues: list[tuple[float, float, str, ...]]) -> list[tuple[float, float, str]]:
    blocks = [
        f"{_clock(start)} --> {_clock(end)}\n" + "\n".join(line or " " for line in lines)
        for start, end, *lines in cues
    ]
    text = "\n\n".join([head, *blocks])
    found = parse_transcript(text.encode(), "talk").segments
    return [(one.start, one.end, one.text) for one in found]


def _clock(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}"


def test_each_line_of_rolling_captions_is_said_once():
    assert read("WEBVTT", CUES) == [
        (0.5, 2.5, "good morning"),
        (2.5, 4.3, "the old hall"),
        (4.3, 5.7, "is open"),
    ]


def test_a_subrip_can_roll_too_and_its_subtitles_overlap():
    cues = [(0.5, 4.0, "one"), (2.0, 6.0, "one", "two"), (4.0, 8.0, "two", "three")]
    assert read("", cues) == [(0.5, 2.0, "one"), (2.0, 4.0, "two"), (4.0, 8.0, "three")]


def test_captions_of_three_lines_roll():
    cues = [(1, 2, "a"), (2, 3, "a", "b"), (3, 4, "a", "b", "c"), (4, 5, "b", "c", "d")]
    assert [one[2] for one in read("", cues)] == ["a", "b", "c", "d"]


def test_a_pause_begins_anew():
    cues = [*CUES, (8.0, 9.0, "", "is open"), (9.0, 9.01, "is open", "")]
    assert [one[2] for one in read("WEBVTT", cues)][2:] == ["is open", "is open"]


def test_what_is_said_twice_does_not_roll():
    """Neither a word again and again, nor a sentence that begins as the one before it ended."""
    cues = [(1, 2, "No."), (2, 3, "No."), (3, 4, "No."), (5, 6, "Go!"), (6, 7, "Go!", "At once!")]
    assert [one[2] for one in read("", cues)] == ["No.", "No.", "No.", "Go!", "Go! At once!"]


def test_a_line_that_grows_word_by_word_is_one():
    cues = [(1, 2, "good"), (2, 3, "good old"), (3, 4, "good old days"), (5, 6, "Bye.")]
    assert read("", cues) == [(1.0, 4.0, "good old days"), (5.0, 6.0, "Bye.")]


def test_what_is_said_once_more_does_not_grow():
    cues = [(1, 2, "No."), (2, 3, "No. Never."), (4, 5, "No. Never. Ever.")]
    assert [one[2] for one in read("", cues)] == ["No.", "No. Never.", "No. Never. Ever."]
