"""Speech by espeak-ng: rates, voices, and text that is nothing but text."""

import numpy as np
import pytest

from backend.errors import Permanent
from workers.interfaces.providers import SpeechResult, Utterance
from workers.providers.espeak import VARIANTS, Espeak, choose_voice, list_voices
from workers.speakers.casting import classify_pitch
from workers.speakers.pitch import compute_median_pitch


def speak_text(
    text: str, rate: float = 1.0, voice: str = "plain", language: str = "es"
) -> SpeechResult:
    return Espeak().synthesize(Utterance(text, language, voice, rate), call=None)


def seconds(text: str, rate: float = 1.0) -> float:
    said = speak_text(text, rate)
    assert said.samples.dtype == np.float32
    assert 0.05 < np.abs(said.samples).max() <= 1.0
    return len(said.samples) / said.sample_rate


def test_a_higher_rate_is_shorter():
    text = "La casa es tranquila y el jardín es muy bello."
    natural = seconds(text)
    assert natural * 0.65 < seconds(text, 1.4) < natural * 0.85


@pytest.mark.parametrize("language", ["es", "fr"])
def test_every_voice_is_of_its_own_and_as_high_as_it_is_said_to_be(language):
    text = "La mamá de Ana no está en la casa." if language == "es" else "Ma maman n'est pas là."
    sounds = set()
    for voice in Espeak().list_voices(language):
        said = speak_text(text, voice=voice.name, language=language)
        assert classify_pitch(compute_median_pitch([said.samples], said.sample_rate)) is voice.pitch
        sounds.add(said.samples.tobytes())
    assert len(sounds) == len(VARIANTS)


def test_a_voice_that_is_not_there_is_refused_by_name():
    with pytest.raises(Permanent, match=r"plain, m7, .* not as 'whisper'"):
        speak_text("Hola.", voice="whisper")


@pytest.mark.parametrize(
    ("tag", "voice"),
    [
        ("pt-BR", "roa/pt-BR"),
        ("pt", "roa/pt"),
        ("es-MX", "roa/es-419"),
        ("es-AR", "roa/es"),
        ("fr", "roa/fr"),
        ("fr-CH", "roa/fr-CH"),
        ("zh-Hans", "sit/cmn"),
        ("no", "gmq/nb"),
    ],
)
def test_the_region_is_used_where_there_is_one(tag, voice):
    assert choose_voice(list_voices(), tag) == voice


def test_a_language_without_a_voice():
    with pytest.raises(Permanent, match=r"no voice for Klingon"):
        Espeak().list_voices("tlh")


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


@pytest.mark.parametrize("text", ["", "①", "٠"])
def test_what_cannot_be_said_is_silence(text):
    assert not speak_text(text).samples.any()
