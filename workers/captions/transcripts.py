"""What was said, to be read: plain text, and a document with times and speakers."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import groupby

from docx import Document
from docx.oxml import OxmlElement
from docx.shared import RGBColor
from docx.text.paragraph import Paragraph

from backend.documents.text import collapse_lines
from backend.documents.transcripts import Line, Segment
from workers.captions.direction import is_right_to_left

GREY = RGBColor(0x70, 0x70, 0x70)


def format_txt(said: Iterable[Segment | Line], *, speakers: bool) -> str:
    """A paragraph for each segment, `A: ...` where speakers are asked for and known."""
    lines = (f"{one.speaker}: {one.text}" if speakers and one.speaker else one.text for one in said)
    return "".join(collapse_lines(line) + "\n" for line in lines)


def build_docx(
    said: Iterable[Segment | Line], title: str, language: str, *, speakers: bool
) -> bytes:
    """A Word document: the title, then each turn under its time and, if asked for, its speaker."""
    document = Document()
    document.core_properties.title = collapse_lines(title)[:255]
    document.core_properties.language = language
    _mark_paragraph_direction(document.add_heading(collapse_lines(title), 1), language)
    turns = groupby(said, key=lambda one: one.speaker if speakers and one.speaker else one.id)
    for speaker, turn in turns:
        _write_turn(document.add_paragraph(), list(turn), speaker, language)
    content = BytesIO()
    document.save(content)
    return content.getvalue()


def _write_turn(
    paragraph: Paragraph, said: Sequence[Segment | Line], speaker: str | int, language: str
) -> None:
    time = paragraph.add_run(_format_clock(said[0].start))
    time.font.color.rgb = GREY
    if isinstance(speaker, str):
        paragraph.add_run(f"  {collapse_lines(speaker)}").bold = True
    paragraph.add_run().add_break()
    paragraph.add_run(collapse_lines(" ".join(one.text for one in said)))
    _mark_paragraph_direction(paragraph, language)


def _mark_paragraph_direction(paragraph: Paragraph, language: str) -> None:
    """Word takes the direction of a paragraph, and of a run, from its properties only."""
    if is_right_to_left(language):
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        for run in paragraph.runs:
            run.font.rtl = True


def _format_clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"
