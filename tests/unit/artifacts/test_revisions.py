"""A line with some of its values changed."""

import pytest

from backend.documents.transcripts import Line, Speaker, Translation
from backend.errors import Invalid
from backend.jobs.edit_lines import replace_line

LATE = Translation(
    source_language="en",
    language="es",
    duration=10,
    speakers=(Speaker(label="A", pitch_hz=100.0),),
    lines=(
        Line(id=0, start=1, end=2, source="", text="Hola.", speaker="A"),
        Line(id=1, start=9, end=10.4, source="", text="Adiós.", speaker="A"),
    ),
)


def test_times_that_stay_as_they_are_need_not_be_right():
    _, line = replace_line(LATE, 1, {"text": "Chao.", "end": 10.4})
    assert (line.text, line.end) == ("Chao.", 10.4)
    with pytest.raises(Invalid, match="after the recording"):
        replace_line(LATE, 1, {"end": 10.3})


def test_speakers_are_listed_in_the_order_in_which_editors_name_them():
    once, _ = replace_line(LATE, 1, {"speaker": "D"})
    twice, _ = replace_line(once, 0, {"speaker": "C"})
    again, _ = replace_line(twice, 1, {"speaker": "A"})
    assert [one.label for one in twice.speakers] == ["A", "D", "C"]
    assert again.speakers == twice.speakers
    assert twice.speakers[0] == LATE.speakers[0]
