"""Speech by espeak-ng: rates, voices, and text that is nothing but text."""

import numpy as np
import pytest

from backend.core.errors import Permanent
from workers.providers.base import Utterance
from workers.providers.espeak import Espeak


def seconds(text: str, rate: float = 1.0, voice: str = "es") -> float:
    spoken = Espeak().synthesize(Utterance(text, "es", voice, rate), call=None)
    assert spoken.samples.dtype == np.float32
    assert 0.05 < np.abs(spoken.samples).max() <= 1.0
    return len(spoken.samples) / spoken.sample_rate


def test_a_higher_rate_is_shorter():
    text = "La casa es tranquila y el jardín es muy bello."
    natural = seconds(text)
    assert natural * 0.65 < seconds(text, 1.4) < natural * 0.85


def test_speakers_keep_their_own_voice():
    voices = {label: Espeak().voice("es", label) for label in (None, "A", "B", "C", "Ann")}
    assert voices["A"] == voices[None]
    assert len({voices["A"], voices["B"], voices["C"]}) == 3
    assert Espeak().voice("es", "Ann") == voices["Ann"]
    assert Espeak().voice("es", "0") == voices["A"]
    assert Espeak().voice("es", "1") == voices["B"]
    assert seconds("Hola.", voice=voices["B"])


@pytest.mark.parametrize(
    ("tag", "voice"),
    [
        ("pt-BR", "pt-br"),
        ("pt", "pt"),
        ("es-MX", "es-419"),
        ("es-AR", "es"),
        ("fr", "fr-fr"),
        ("fr-CH", "fr-ch"),
        ("zh-Hans", "cmn"),
        ("no", "nb"),
    ],
)
def test_the_region_is_used_where_there_is_one(tag, voice):
    assert Espeak().voice(tag, None) == voice


def test_a_voice_of_another_name_has_variants_too():
    assert seconds("Bonjour.", voice=Espeak().voice("fr", "B"))


def test_a_language_without_a_voice():
    with pytest.raises(Permanent, match=r"no voice for Klingon"):
        Espeak().voice("tlh", None)


@pytest.mark.parametrize(
    "text",
    ["-v en hola", '<break time="60s"/> hola', "[[h@l0]] hola", "hola\nhola", "¿qué? \\ $(id)"],
)
def test_text_is_never_a_command(text):
    assert 0.2 < seconds(text) < 20


def test_doubled_brackets_are_no_phonemes():
    assert seconds("hola [[[n]]]") > seconds("hola") + 0.5


def test_control_characters_are_no_commands():
    assert seconds("hola\0amigo") == seconds("hola amigo")
    assert seconds("hola \x0120Samigo") == seconds("hola 20Samigo")


def test_nothing_to_say_is_an_error():
    with pytest.raises(Permanent, match="said nothing"):
        seconds("")
