"""Speech by espeak-ng: robotic, clear, offline, in some hundred languages."""

import io
import os
import re
import zlib
from collections.abc import Mapping
from functools import cache

import soundfile

from backend.core import languages
from backend.core.errors import Permanent
from workers.providers.base import Call, Spoken, Utterance
from workers.providers.tools import one_line, run

PACKAGE = "espeak-ng"
NATURAL_WPM = 175  # espeak-ng's own default
# The first speaker gets the plain voice; the others, variants that differ in pitch and timbre.
VARIANTS = ("", "+f2", "+m3", "+f4", "+m7", "+f3")
# Tags that `espeak-ng --voices` tells besides a voice's own, with how well the voice does for them.
OTHER_TAGS = re.compile(r"\((\S+) (\d+)\)")
# From here on espeak-ng reads phonemes instead of text.
PHONEMES = re.compile(r"\[(?=\[)")


class Espeak:
    """One process a line. Its rate may be raised a good deal before it gets hard to follow."""

    name = "local"
    remote = False
    max_rate = 1.4
    concurrency = os.cpu_count() or 1

    @property
    def model(self) -> str:
        """espeak-ng and its version."""
        return f"espeak-ng-{version()}"

    def voice(self, language: str, speaker: str | None) -> str:
        """The language's voice in the speaker's variant; raises `Permanent` when it has none."""
        found = best_voice(voices(), language)
        if found is None:
            raise Permanent(
                f"espeak-ng has no voice for {languages.name(language)} ({language}); "
                "'espeak-ng --voices' lists those it has"
            )
        return found + VARIANTS[_place(speaker) % len(VARIANTS)]

    def synthesize(self, utterance: Utterance, *, call: Call) -> Spoken:
        """Speak; the text is never taken for options, markup or phonemes.

        Raises `Permanent` for a text that has nothing to be said.
        """
        text = PHONEMES.sub("[ ", one_line(utterance.text))
        speed = str(round(NATURAL_WPM * utterance.rate))
        command = ["espeak-ng", "-v", utterance.voice, "-s", speed, "--stdin", "--stdout"]
        wav = run(command, text.encode(), package=PACKAGE)
        if not wav:
            raise Permanent(f"espeak-ng said nothing for '{utterance.text[:40]}'")
        samples, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
        return Spoken(samples, rate)


def best_voice(known: Mapping[str, str], language: str) -> str | None:
    """The voice for the region if there is one, otherwise for the language; None without any."""
    return known.get(language.lower()) or known.get(languages.base(language))


def _place(speaker: str | None) -> int:
    """Labels A, B, C and 0, 1, 2 take the variants in turn; any other name always the same one."""
    if speaker is None:
        return 0
    if speaker.isdecimal():
        return int(speaker)
    if len(speaker) == 1 and speaker.isalpha():
        return ord(speaker.upper()) - ord("A")
    return zlib.crc32(speaker.encode())


@cache
def voices() -> Mapping[str, str]:
    """For each language tag, in lower case, the name of the voice that speaks it best."""
    listed = run(["espeak-ng", "--voices"], b"", package=PACKAGE).decode().splitlines()[1:]
    ranked: list[tuple[int, str, str]] = []
    for row in listed:
        own = row.split()[1].lower()
        ranked.append((0, own, own))
        ranked += [(int(rank), tag, own) for tag, rank in OTHER_TAGS.findall(row)]
    return {tag: own for _, tag, own in sorted(ranked, reverse=True)}


@cache
def version() -> str:
    """espeak-ng's version."""
    said = run(["espeak-ng", "--version"], b"", package=PACKAGE).decode()
    return said.partition(":")[2].split()[0]
