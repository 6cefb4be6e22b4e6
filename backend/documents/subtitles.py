"""Subtitles (SRT, WebVTT, ASS, SBV) and Dubline's own documents, as transcripts users bring.

Read by the grammar of each format, and told by line what is wrong: the libraries for this skip or
merge what they do not understand (docs/subtitles.md), and here that would be a line that is never
dubbed, or a number that is spoken.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite

from pydantic import ValidationError
from pydantic_core import from_json

from backend.documents.bilingual import mark_second_language
from backend.documents.cues import ARROW, SubtitleCue, split_lines
from backend.documents.encodings import decode_text
from backend.documents.limits import TextLimits, check_count, check_texts
from backend.documents.names import mark_names
from backend.documents.rolling import join_rolling
from backend.documents.spoken import name_speakers
from backend.documents.subrip import is_sbv, parse_sbv, parse_subrip
from backend.documents.substation import is_substation, parse_substation
from backend.documents.transcripts import Line, Segment, Transcript, Translation
from backend.documents.turns import split_turns
from backend.documents.webvtt import is_webvtt, parse_webvtt
from backend.errors import Invalid

UNKNOWN = "und"  # subtitles do not tell their language (ISO 639-2: undetermined)
MICRODVD = re.compile(r"\s*\{\d+\}\{\d*\}")


def parse_transcript(
    content: bytes,
    name: str,
    language: str | None = None,
    *,
    limits: TextLimits | None = None,
) -> Transcript | Translation:
    """The document, or a transcript of `UNKNOWN` language from subtitles in order of time.

    `name` is what the user calls the file, `language` what it is said to be in. Raises `Invalid`
    with the line and the reason, `LimitExceeded` for what is beyond the `limits`.
    """
    text = decode_text(content, name, language).text
    if MICRODVD.match(text):
        raise Invalid(
            "fileId",
            f"{name} is neither SRT nor WebVTT but MicroDVD, which counts frames: "
            "save it as one of these, at the frame rate of its film",
        )
    if text.lstrip().startswith("{"):
        return _parse_document(text, name, limits)
    return _parse_subtitles(split_lines(text), name, language, limits)


def _parse_document(text: str, name: str, limits: TextLimits | None) -> Transcript | Translation:
    try:
        data = from_json(text, allow_inf_nan=False)
        field = "lines" if "lines" in data else "segments"
        if limits and isinstance(data.get(field), list):
            check_count(limits, len(data[field]), name)  # before each is looked at
        kind = Translation if field == "lines" else Transcript
        document = kind.model_validate(data)
        said = tuple(name_speakers(getattr(document, field)))
        _check_said(said, document.duration, name, limits)
        return document.model_copy(update={field: said})
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise Invalid("fileId", f"{name}, {where}: {problem['msg']}") from None
    except ValueError as error:
        raise Invalid("fileId", f"{name} is no JSON document: {error}") from None


def _check_said(
    said: Sequence[Segment | Line], duration: float, name: str, limits: TextLimits | None
) -> None:
    """Of a document, which may say anything: raises `Invalid` for times that cannot be."""
    if limits:
        check_texts(limits, said, name)
    if not isfinite(duration):
        raise Invalid("fileId", f"{name}, duration: this is no number of seconds")
    if not said:
        raise Invalid("fileId", f"{name} holds no line: there is nothing to dub")
    for number, one in enumerate(said, 1):
        if not (isfinite(one.end) and one.start <= one.end):
            told = f"it ends ({one.end:g} s) before it begins ({one.start:g} s)"
            raise Invalid("fileId", f"{name}, line {number}: {told}")


def _parse_subtitles(
    lines: Sequence[str], name: str, language: str | None, limits: TextLimits | None
) -> Transcript:
    cues = sorted(_take_cues(lines, name, limits), key=lambda cue: (cue.start, cue.end))
    shown = mark_second_language(mark_names(join_rolling(cues)), language)
    said = [segment for cue in shown for segment in _split_segments(cue)]
    if not said:
        problem = "holds no subtitle" if cues or is_webvtt(lines) else "is neither SRT nor WebVTT"
        raise Invalid("fileId", f"{name} {problem}: send SRT, WebVTT, ASS, SBV or Dubline's JSON")
    if limits:
        check_texts(limits, said, name)
    return Transcript(
        language=UNKNOWN,
        duration=max(segment.end for segment in said),
        segments=tuple(one.model_copy(update={"id": n}) for n, one in enumerate(said)),
    )


def _take_cues(lines: Sequence[str], name: str, limits: TextLimits | None) -> Iterator[SubtitleCue]:
    """The subtitles; no more are read than are allowed."""
    for number, cue in enumerate(_parse_cues(lines, name), 1):
        if limits and number > limits.lines:
            check_count(limits, sum(ARROW in line for line in lines) or number, name)
        yield cue


def _parse_cues(lines: Sequence[str], name: str) -> Iterable[SubtitleCue]:
    if is_webvtt(lines):
        return parse_webvtt(lines, name)
    if is_substation(lines):
        return parse_substation(lines, name)
    if is_sbv(lines):
        return parse_sbv(lines, name)
    return parse_subrip(lines, name)


def _split_segments(cue: SubtitleCue) -> Iterator[Segment]:
    """A segment for each turn, with its share of the time by the length of its text."""
    turns = list(split_turns(cue))
    total = sum(len(turn.text) for turn in turns)
    length, told = cue.end - cue.start, 0
    for speaker, text in turns:
        begin, told = told, told + len(text)
        if text:
            yield Segment(
                id=0,
                start=round(cue.start + length * begin / total, 3),
                end=round(cue.start + length * told / total, 3),
                text=text,
                speaker=speaker,
            )
