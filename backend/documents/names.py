"""Transcripts in which each text begins with its speaker's name, as meetings are written down.

`Ann Lee: Good morning` may be a name or a word before a colon (`Remember: ...`). Where most texts
of a file begin so, and some beginning comes again, they are names.
"""

import re
from collections.abc import Sequence

from backend.documents.cues import SubtitleCue
from backend.documents.turns import strip_tags

NAME = re.compile(r"\s*([^\W\d_]\w*(?:[ .'\u2019-]+[^\W\d_]\w*){0,3}\.?):\s+(?=\S)")
MOST = 0.5  # of the subtitles


def mark_names(cues: Sequence[SubtitleCue]) -> Sequence[SubtitleCue]:
    """The subtitles with such names in brackets, as everywhere else what is shown and not said."""
    found = [_find_name(strip_tags(cue.lines[0])) if cue.lines else None for cue in cues]
    names = [name for name in found if name]
    if len(names) <= MOST * len(cues) or len(set(names)) == len(names):
        return cues
    return [_mark(cue, name) if name else cue for cue, name in zip(cues, found, strict=True)]


def _find_name(line: str) -> str | None:
    match = NAME.match(line)
    capital = match and all(word[0].isupper() for word in match[1].split())
    return match[1] if match and capital and not match[1].isupper() else None


def _mark(cue: SubtitleCue, name: str) -> SubtitleCue:
    said = strip_tags(cue.lines[0])[len(name) + 1 :]
    return cue._replace(lines=[f"[{name}]:{said}", *cue.lines[1:]])
