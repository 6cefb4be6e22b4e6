"""Speech by espeak-ng: robotic, clear, offline, in some hundred languages."""

import io
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import soundfile

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Permanent
from backend.settings import Settings
from workers.interfaces.providers import (
    Pitch,
    ProviderCall,
    SpeechResult,
    Synthesizer,
    Utterance,
    Voice,
)
from workers.providers.spoken_text import write_out
from workers.providers.tools import run_tool

PACKAGE = "espeak-ng"
SAMPLE_RATE = 22_050
NATURAL_WPM = 175  # espeak-ng's own default
# A voice's name, and how espeak-ng alters the language's own voice for it. Of the variants that all
# its versions have these sound least alike; their median pitch is 100-110, 180 and 200-215 Hz.
VARIANTS = {
    "plain": ("", Pitch.LOW),
    "m7": ("+m7", Pitch.LOW),
    "m2": ("+m2", Pitch.LOW),
    "m3": ("+m3", Pitch.LOW),
    "f4": ("+f4", Pitch.MIDDLE),
    "f1": ("+f1", Pitch.MIDDLE),
    "f2": ("+f2", Pitch.HIGH),
    "f3": ("+f3", Pitch.HIGH),
}
# Tags that `espeak-ng --voices` tells besides a voice's own, with how well the voice does for them.
OTHER_TAGS = re.compile(r"\((\S+) (\d+)\)")
# From here on espeak-ng reads phonemes instead of text.
PHONEMES = re.compile(r"\[(?=\[)")


def build_synthesizer(_: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    return Espeak()


class Espeak:
    """One process a line. Its rate may be raised a good deal before it gets hard to follow."""

    name = "espeak"
    remote = False
    max_rate = 1.4
    concurrency = os.cpu_count() or 1

    @property
    def model(self) -> str:
        """espeak-ng and its version."""
        return f"espeak-ng-{read_version()}"

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The variants of the language's voice; raises `Permanent` when it has none."""
        _parse_own_voice(language)
        return [Voice(name, pitch) for name, (_, pitch) in VARIANTS.items()]

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak; the text is never taken for options, markup or phonemes.

        Raises `Permanent` for a voice that is not offered.
        """
        text = PHONEMES.sub("[ ", write_out(collapse_lines(utterance.text), utterance.language))
        speed = str(round(NATURAL_WPM * utterance.rate))
        voice = _find_variant(_parse_own_voice(utterance.language), utterance.voice)
        command = ["espeak-ng", "-v", voice, "-s", speed, "--stdin", "--stdout"]
        wav = run_tool(command, text.encode(), package=PACKAGE)
        if not wav:
            return SpeechResult(np.zeros(0, np.float32), SAMPLE_RATE)
        samples, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
        return SpeechResult(samples, rate)


def choose_voice(known: Mapping[str, str], language: str) -> str | None:
    """The voice for the region if there is one, otherwise for the language; None without any."""
    return known.get(language.lower()) or known.get(languages.get_base_language(language))


def _parse_own_voice(language: str) -> str:
    found = choose_voice(list_voices(), language)
    if found is None:
        raise Permanent(
            f"espeak-ng has no voice for {languages.get_name(language)} ({language}); "
            "'espeak-ng --voices' lists those it has"
        )
    return found


def _find_variant(own: str, name: str) -> str:
    if name not in VARIANTS:
        raise Permanent(f"espeak-ng speaks as {', '.join(VARIANTS)}, not as '{name}'")
    return own + VARIANTS[name][0]


@cache
def list_voices() -> Mapping[str, str]:
    """For each language tag, in lower case, the file of the voice that speaks it best.

    A voice has variants by the name of its file only: `fr-fr+f2` is plain `fr-fr`.
    """
    listed = run_tool(["espeak-ng", "--voices"], b"", package=PACKAGE).decode().splitlines()[1:]
    ranked: list[tuple[int, str, str]] = []
    for row in listed:
        _, own, _, _, file = row.split()[:5]
        ranked.append((0, own.lower(), file))
        ranked += [(int(rank), tag, file) for tag, rank in OTHER_TAGS.findall(row)]
    return {tag: file for _, tag, file in sorted(ranked, reverse=True)}


@cache
def read_version() -> str:
    """espeak-ng's version."""
    said = run_tool(["espeak-ng", "--version"], b"", package=PACKAGE).decode()
    return said.partition(":")[2].split()[0]
