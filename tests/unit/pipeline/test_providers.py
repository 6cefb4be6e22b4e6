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


def test_what_is_not_named_is_done_by_all_that_are_enabled_in_their_order():
    assert choose_providers({"tts": ["stub"]}, ENABLED) == Providers(
        transcription="stub, pocketsphinx", translation="apertium", tts="stub"
    )


@pytest.mark.parametrize("name", ["local", "espeak"])
def test_local_is_another_name_of_the_engine_that_needs_no_model(name):
    assert choose_providers({"tts": [name]}, ENABLED).tts == ("espeak",)


def test_auto_is_every_engine_and_each_is_asked_once():
    chosen = Providers(translation="openai, local, auto")
    assert chosen.translation == ("openai", "apertium", "firefox", "ctranslate2")


def test_where_auto_is_enabled_a_job_may_name_any_engine():
    enabled = {ProviderKind.TTS: ("auto",)}
    check_providers({"tts": ["kokoro", "local"]}, enabled)
    with pytest.raises(Invalid, match="there is: espeak, kokoro, piper"):
        check_providers({"tts": "kokoro, deepgram"}, enabled)


def test_what_is_not_enabled_is_refused_with_the_list_of_what_is():
    with pytest.raises(
        Invalid, match="'deepgram' is not enabled here; there is: espeak, stub"
    ) as no:
        check_providers({"tts": "deepgram"}, ENABLED)
    assert no.value.field == "providers.tts"
