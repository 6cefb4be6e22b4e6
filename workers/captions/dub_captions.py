"""The captions of a dub: each line while it sounds."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.documents.speech import Placement
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
    """Each line while it sounds; `fps` is the picture's, if there is one."""
    lines = {line.id: line for line in translation.lines}
    said = [
        (CaptionText(one.start, one.start + one.duration, lines[one.id].text), lines[one.id].source)
        for one in placed
    ]
    rules = build_rules(translation.language, fps)
    return DubCaptions(
        said, rules, build_cues((spoken for spoken, _ in said), rules, translation.duration)
    )
