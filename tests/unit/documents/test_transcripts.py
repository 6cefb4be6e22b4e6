"""The documents that stages hand to each other."""

import pytest
from pydantic import ValidationError

from backend.documents.speech import Clip, Placement, Speech, Verdict
from backend.documents.transcripts import Line, Segment, Transcript, Translation, Word

TRANSCRIPT = Transcript(
    language="en",
    duration=2.5,
    segments=(
        Segment(
            id=0, start=0.0, end=1.2, text="Hej, Åsa!", words=(Word(text="Hej", start=0, end=1),)
        ),
    ),
)
TRANSLATION = Translation(
    source_language="en",
    language="ar",
    duration=2.5,
    lines=(Line(id=0, start=0.0, end=1.2, source="Hello", text="مرحبا", speaker="A"),),
)
SPEECH = Speech(
    language="ar",
    clips=(
        Clip(
            id=0,
            text="مرحبا",
            object_key="clips/a",
            sha256="5a",
            size=9,
            duration=1.0,
            natural=1.0,
            rate=1.0,
            voice="v",
        ),
    ),
    placements=(
        Placement(id=0, start=0.1, duration=1 / 3, rate=3.0, shift=0.1, verdict=Verdict.RUSHED),
        Placement(id=1, start=1, duration=1, rate=3.0, shift=0, verdict=Verdict.LEFT_OUT),
    ),
)


def test_a_line_is_one_row_whatever_it_was_made_of():
    line = Line(
        id=0, start=0, end=1, source="", text=" a\r\n\nb\u2028c ", speaker="A\nB", voice="\x0cf2"
    )
    assert (line.text, line.speaker, line.voice) == ("a b c", "A B", "f2")
    assert Segment(id=0, start=0, end=1, text="a\nb", speaker="A\nB").speaker == "A B"


@pytest.mark.parametrize("document", [TRANSCRIPT, TRANSLATION, SPEECH])
def test_documents_survive_the_way_through_storage(document):
    assert type(document).model_validate_json(document.to_bytes()) == document


@pytest.mark.parametrize("document", [TRANSCRIPT, TRANSLATION, SPEECH])
def test_equal_documents_have_equal_bytes(document):
    again = type(document).model_validate(document.model_dump())
    assert again.to_bytes() == document.to_bytes()


def test_text_is_kept_readable():
    assert "مرحبا".encode() in TRANSLATION.to_bytes()


def test_what_is_left_out_is_not_heard():
    assert [place.id for place in SPEECH.list_heard_placements()] == [0]


def test_what_is_said_is_what_was_spoken():
    shorter = SPEECH.model_copy(
        update={"clips": (SPEECH.clips[0].model_copy(update={"text": "x"}),)}
    )
    (line,) = shorter.apply_spoken_texts(TRANSLATION).lines
    assert line == TRANSLATION.lines[0].model_copy(update={"text": "x"})
    assert SPEECH.apply_spoken_texts(TRANSLATION) == TRANSLATION


def test_unknown_fields_are_refused():
    with pytest.raises(ValidationError, match="speeker"):
        Segment(id=0, start=0, end=1, text="", speeker="A")


def test_times_before_the_start_are_refused():
    with pytest.raises(ValidationError, match="start"):
        Segment(id=0, start=-0.1, end=1, text="")
