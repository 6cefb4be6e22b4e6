"""Transcripts to be read."""

from io import BytesIO

from docx import Document

from backend.documents.transcripts import Segment
from workers.captions.transcripts import build_docx, format_txt

SAID = [
    Segment(id=0, start=0, end=1, text="Hi\nthere.", speaker="A"),
    Segment(id=1, start=1, end=2, text="How are you?", speaker="A"),
    Segment(id=2, start=3723, end=3724, text="Fine & <well>.", speaker="B"),
    Segment(id=3, start=3725, end=3726, text="Bye."),
]


def paragraphs(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in Document(BytesIO(content)).paragraphs]


def test_txt_has_speakers_where_they_are_asked_for_and_known():
    assert (
        format_txt(SAID, speakers=True)
        == "A: Hi there.\nA: How are you?\nB: Fine & <well>.\nBye.\n"
    )
    assert format_txt(SAID[:1], speakers=False) == "Hi there.\n"


def test_docx_has_a_paragraph_a_turn_with_its_time_and_speaker():
    assert paragraphs(build_docx(SAID, "Talk", "en", speakers=True)) == [
        "Talk",
        "0:00:00  A\nHi there. How are you?",
        "1:02:03  B\nFine & <well>.",
        "1:02:05\nBye.",
    ]


def test_docx_without_speakers_has_a_paragraph_a_segment():
    assert len(paragraphs(build_docx(SAID, "Talk", "en", speakers=False))) == 5


def test_docx_runs_from_right_to_left_where_the_language_does():
    said = [Segment(id=0, start=0, end=1, text="שלום")]
    paragraph = Document(BytesIO(build_docx(said, "שיחה", "he", speakers=False))).paragraphs[1]
    assert paragraph._p.pPr.xpath("w:bidi")
    assert all(run.font.rtl for run in paragraph.runs)


def test_control_characters_do_not_break_a_docx():
    said = [Segment(id=0, start=0, end=1, text="a\x00b\uffff")]
    assert paragraphs(build_docx(said, "x", "en", speakers=False))[1].endswith("a b")
