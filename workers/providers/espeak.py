"""Speech by espeak-ng: robotic, clear, offline, in some hundred languages."""

import io
import os
import zlib
from functools import cache

import soundfile

from backend.core import languages
from backend.core.errors import Permanent, Transient
from workers.providers.base import Call, Spoken, Utterance
from workers.providers.tools import run

PACKAGE = "espeak-ng"
NATURAL_WPM = 175  # espeak-ng's own default
# The first speaker gets the plain voice; the others, variants that differ in pitch and timbre.
VARIANTS = ("", "+f2", "+m3", "+f4", "+m7", "+f3")


class Espeak:
    """One process a line. Its rate may be raised a good deal before it gets hard to follow."""

    name = "local"
    max_rate = 1.4
    concurrency = os.cpu_count() or 1

    @property
    def model(self) -> str:
        """espeak-ng and its version."""
        return f"espeak-ng-{version()}"

    def voice(self, language: str, speaker: str | None) -> str:
        """The language's voice in the speaker's variant; raises `Permanent` when it has none."""
        known = voices()
        tag = language.lower()
        base = tag if tag in known else languages.base(language)
        if base not in known:
            raise Permanent(
                f"espeak-ng has no voice for {languages.name(language)} ({language}); "
                "'espeak-ng --voices' lists those it has"
            )
        return base + VARIANTS[_place(speaker) % len(VARIANTS)]

    def synthesize(self, utterance: Utterance, *, call: Call) -> Spoken:
        """Speak; the text is never taken for options, markup or phonemes."""
        # Only within doubled brackets does espeak-ng read phonemes instead of text.
        text = utterance.text.replace("[[", "[ [")
        speed = str(round(NATURAL_WPM * utterance.rate))
        command = ["espeak-ng", "-v", utterance.voice, "-s", speed, "--stdin", "--stdout"]
        wav = run(command, text.encode(), package=PACKAGE)
        samples, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
        if not len(samples):
            raise Transient(f"espeak-ng said nothing for '{utterance.text[:40]}'")
        return Spoken(samples, rate)


def _place(speaker: str | None) -> int:
    """Labels A, B, C take the variants in turn; any other name always the same one."""
    if speaker is None:
        return 0
    if len(speaker) == 1 and speaker.isalpha():
        return ord(speaker.upper()) - ord("A")
    return zlib.crc32(speaker.encode())


@cache
def voices() -> frozenset[str]:
    """The language tags that espeak-ng has voices of its own for, in lower case."""
    listed = run(["espeak-ng", "--voices"], b"", package=PACKAGE).decode().splitlines()[1:]
    rows = [line.split() for line in listed]
    # MBROLA voices need data that is not part of espeak-ng.
    return frozenset(row[1].lower() for row in rows if not row[4].startswith("mb/"))


@cache
def version() -> str:
    """espeak-ng's version."""
    said = run(["espeak-ng", "--version"], b"", package=PACKAGE).decode()
    return said.partition(":")[2].split()[0]
