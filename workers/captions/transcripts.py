"""What was said, to be read: plain text, and a document with times and speakers."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import groupby

from docx import Document
from docx.oxml import OxmlElement
from docx.shared import RGBColor
from docx.text.paragraph import Paragraph

from backend.documents.text import one_line
from backend.documents.transcripts import Line, Segment
from workers.captions.direction import leftward

GREY = RGBColor(0x70, 0x70, 0x70)


def txt(said: Iterable[Segment | Line], *, speakers: bool) -> str:
    """A paragraph for each segment, `A: ...` where speakers are asked for and known."""
    lines = (f"{one.speaker}: {one.text}" if speakers and one.speaker else one.text for one in said)
    return "".join(one_line(line) + "\n" for line in lines)


def docx(said: Iterable[Segment | Line], title: str, language: str, *, speakers: bool) -> bytes:
    """A Word document: the title, then each turn under its time and, if asked for, its speaker."""
    document = Document()
    document.core_properties.title = one_line(title)[:255]
    document.core_properties.language = language
    _directed(document.add_heading(one_line(title), 1), language)
    turns = groupby(said, key=lambda one: one.speaker if speakers and one.speaker else one.id)
    for speaker, turn in turns:
        _turn(document.add_paragraph(), list(turn), speaker, language)
    content = BytesIO()
    document.save(content)
    return content.getvalue()


def _turn(
    paragraph: Paragraph, said: Sequence[Segment | Line], speaker: str | int, language: str
) -> None:
    time = paragraph.add_run(_clock(said[0].start))
    time.font.color.rgb = GREY
    if isinstance(speaker, str):
        paragraph.add_run(f"  {one_line(speaker)}").bold = True
    paragraph.add_run().add_break()
    paragraph.add_run(one_line(" ".join(one.text for one in said)))
    _directed(paragraph, language)


def _directed(paragraph: Paragraph, language: str) -> None:
    """Word takes the direction of a paragraph, and of a run, from its properties only."""
    if leftward(language):
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        for run in paragraph.runs:
            run.font.rtl = True


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"
