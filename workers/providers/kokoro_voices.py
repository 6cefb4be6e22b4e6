"""Kokoro's voices by the first letter of their names, the best first, each with its pitch in Hz.

The order goes by the grades that their author gives them (VOICES.md of hexgrad/Kokoro-82M). The
pitch is the median of one spoken sentence, by `workers.speakers.pitch`.
"""

from collections.abc import Mapping

from workers.interfaces.providers import Pitch, Voice
from workers.speakers.casting import classify_pitch

VOICES: Mapping[str, Mapping[str, float]] = {
    "a": {
        "af_heart": 193.5,
        "af_bella": 198.3,
        "af_nicole": 147.2,
        "af_aoede": 179.8,
        "af_kore": 147.2,
        "af_sarah": 189.0,
        "am_fenrir": 131.9,
        "am_michael": 110.1,
        "am_puck": 109.1,
        "af_alloy": 137.9,
        "af_nova": 154.8,
        "af_sky": 163.3,
        "af_jessica": 205.1,
        "af_river": 179.1,
        "am_echo": 105.3,
        "am_eric": 153.4,
        "am_liam": 117.6,
        "am_onyx": 83.6,
        "am_santa": 159.5,
        "am_adam": 115.9,
    },
    "b": {
        "bf_emma": 181.1,
        "bf_isabella": 203.4,
        "bm_fable": 116.5,
        "bm_george": 137.1,
        "bm_lewis": 83.6,
        "bf_alice": 206.9,
        "bf_lily": 181.1,
        "bm_daniel": 119.4,
    },
    "e": {
        "ef_dora": 163.3,
        "em_alex": 125.7,
        "em_santa": 129.7,
    },
    "f": {
        "ff_siwis": 200.8,
    },
    "h": {
        "hf_alpha": 198.3,
        "hf_beta": 179.1,
        "hm_omega": 121.8,
        "hm_psi": 128.3,
    },
    "i": {
        "if_sara": 208.7,
        "im_nicola": 87.0,
    },
    "p": {
        "pf_dora": 167.8,
        "pm_alex": 127.0,
        "pm_santa": 135.6,
    },
}


def list_voices(letter: str) -> list[Voice]:
    """The voices of a language; no woman's is taken for low, and no man's for high."""
    return [Voice(name, _choose_pitch(name, hertz)) for name, hertz in VOICES[letter].items()]


def _choose_pitch(name: str, hertz: float) -> Pitch:
    found = classify_pitch(hertz)
    return max(found, Pitch.MIDDLE) if name[1] == "f" else min(found, Pitch.MIDDLE)
