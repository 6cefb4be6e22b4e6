"""The captions of a dub: each line while it sounds, and sounds and songs in their own time."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.documents.speech import Placement
from backend.documents.spoken import find_marks, find_spoken_text
from backend.documents.transcripts import Translation
from workers.captions.cues import CaptionText, Cue, build_cues
from workers.captions.rules import Rules, build_rules


class DubCaptions(NamedTuple):
    """What is said, each with its source text; the cues for it, and the rules they are to keep."""

    said: Sequence[tuple[CaptionText, str]]
    rules: Rules
    cues: Sequence[Cue]


def build_captions(
    translation: Translation, placed: Sequence[Placement], fps: float | None
) -> DubCaptions:
    """Each line while it sounds; `fps` is the picture's, if there is one.

    Lines with nothing to say, such as `[door slams]`, stand where the source has them.
    """
    lines = {line.id: line for line in translation.lines}
    said = [
        (CaptionText(one.start, one.start + one.duration, lines[one.id].text), lines[one.id].source)
        for one in placed
    ]
    said += [
        (CaptionText(line.start, line.end, line.text), line.source)
        for line in translation.lines
        if find_marks(line.text) and not find_spoken_text(line.text)
    ]
    said.sort(key=lambda pair: pair[0].start)
    rules = build_rules(translation.language, fps)
    return DubCaptions(
        said, rules, build_cues((spoken for spoken, _ in said), rules, translation.duration)
    )
