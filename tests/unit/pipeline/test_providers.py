"""Providers by name: aliases, defaults, and what is refused."""

import pytest

from backend.errors import Invalid
from backend.pipeline.providers import (
    ProviderKind,
    Providers,
    check_providers,
    choose_providers,
)

ENABLED = {
    ProviderKind.TRANSCRIPTION: ("stub", "local"),
    ProviderKind.TRANSLATION: ("local",),
    ProviderKind.TTS: ("local", "stub"),
}


def test_what_is_not_named_is_the_first_that_is_enabled():
    assert choose_providers({"tts": "stub"}, ENABLED) == Providers(
        transcription="stub", translation="apertium", tts="stub"
    )


@pytest.mark.parametrize("name", ["local", "espeak"])
def test_local_is_another_name_of_an_engine(name):
    assert choose_providers({"tts": name}, ENABLED).tts == "espeak"


def test_what_is_not_enabled_is_refused_with_the_list_of_what_is():
    with pytest.raises(
        Invalid, match="'deepgram' is not enabled here; there is: espeak, stub"
    ) as no:
        check_providers({"tts": "deepgram"}, ENABLED)
    assert no.value.field == "providers.tts"
