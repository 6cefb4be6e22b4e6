"""What a caption may be: one table of limits, a line for each language that differs.

Sources: Netflix Partner Help Center, Timed Text Style Guide, read in 2026: General Requirements
(lines, durations, breaks), Subtitle Timing Guidelines (gaps) and the guide of each language
(characters a line, and a second for adult programmes); "How is reading speed measured?" (spaces
and punctuation count, half-width characters of full-width languages count half).
"""

import math
from dataclasses import dataclass
from unicodedata import category, east_asian_width

from backend.documents import languages

USUAL_FRAME_RATE = 24.0
# Frames a second: of fewer, as slides have, a gap of two would be longer than a pause.
SLOWEST = 20.0


@dataclass(frozen=True)
class Limits:
    """What differs by language: characters a `line`, characters a second to be read at."""

    line: float = 42
    speed: float = 17
    full_width: bool = False  # whether half-width characters count half


LIMITS = {
    "ar": Limits(speed=20),
    "en": Limits(speed=20),
    "hi": Limits(speed=22),
    # Subtitles have 4 characters a second because they are condensed; captions that say every
    # word (SDH) have 7.
    "ja": Limits(line=13, speed=7, full_width=True),
    "ko": Limits(line=16, speed=12, full_width=True),
    "ru": Limits(line=39),
    "th": Limits(line=35),
    "zh": Limits(line=16, speed=9, full_width=True),
}


@dataclass(frozen=True)
class Rules:
    """All that a language's captions have to keep; times in milliseconds, gaps in frames."""

    language: str
    limits: Limits
    lines: int = 2
    shortest: int = math.ceil(1000 * 5 / 6)
    longest: int = 7000
    frame_rate: float = USUAL_FRAME_RATE
    gap: int = 2

    @property
    def chained(self) -> int:
        """Frames from which a gap may stay as it is: half a second of them."""
        return round(self.frame_rate / 2)

    def compute_frames(self, count: int) -> int:
        """The milliseconds of that many frames, rounded up."""
        return math.ceil(1000 * count / self.frame_rate)

    def measure_width(self, text: str) -> float:
        """How many characters the text counts for; a line break is the space it stands for."""
        return sum(map(self._count_width, text))

    def compute_reading_time(self, text: str) -> int:
        """Milliseconds that it takes to read the text."""
        return math.ceil(1000 * self.measure_width(text) / self.limits.speed)

    def _count_width(self, character: str) -> float:
        if category(character) == "Cf":
            return 0
        if self.limits.full_width and east_asian_width(character) not in "WFA":
            return 0.5
        return 1


def build_rules(language: str, frame_rate: float | None = None) -> Rules:
    """The rules for a BCP 47 tag; for 24 frames a second where the picture has none or too few."""
    limits = LIMITS.get(languages.get_base_language(language), Limits())
    known = frame_rate if frame_rate and frame_rate >= SLOWEST else USUAL_FRAME_RATE
    return Rules(language, limits, frame_rate=known)
