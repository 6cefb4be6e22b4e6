"""ElevenLabs: premium voices are asked for on purpose, and read what is said around a line."""

from dataclasses import replace

import pytest

from backend.errors import Refused
from tests.contract.vendors.server import KEY
from workers.interfaces.providers import ContextReader, Utterance
from workers.providers.registry import ProviderRegistry


@pytest.fixture
def vendor():
    return "elevenlabs"


def test_premium_voices_are_refused_unless_they_are_enabled(settings, server):
    plain = settings.model_copy(update={"premium_voices": False})
    synthesizer = ProviderRegistry(plain).get_synthesizer("elevenlabs")
    with pytest.raises(Refused, match="PREMIUM_VOICES"):
        synthesizer.list_voices("es")
    with pytest.raises(Refused, match="PREMIUM_VOICES"):
        synthesizer.synthesize(Utterance("Hola.", "es", "sarah"), call=None)
    assert server.asked == []


def test_what_is_said_around_a_line_is_told(settings, server):
    synthesizer = ProviderRegistry(settings).get_synthesizer("elevenlabs")
    assert isinstance(synthesizer, ContextReader)
    line = Utterance("Uno. " * 2100, "es", "sarah", before="Antes.", after="Después.")
    synthesizer.synthesize(line, call=None)
    first, last = (asked.json for asked in server.asked)
    assert first["previous_text"] == "Antes."
    assert first["next_text"] == last["text"]
    assert last["previous_text"] == first["text"]
    assert last["next_text"] == "Después."
    server.asked.clear()
    synthesizer.synthesize(replace(line, text="Uno.", before="", after=""), call=None)
    assert set(server.asked[0].json) == {"text", "model_id"}


@pytest.mark.parametrize("status", [401, 429])
def test_used_up_credit_is_no_wrong_key(settings, server, monkeypatch, status):
    monkeypatch.setattr(
        server, "build_error", lambda _: {"detail": {"status": "quota_exceeded", "message": KEY}}
    )
    server.fail(status)
    synthesizer = ProviderRegistry(settings).get_synthesizer("elevenlabs")
    with pytest.raises(Refused, match=r"quota_exceeded.*; add credit with the vendor$"):
        synthesizer.synthesize(Utterance("Hola.", "es", "sarah"), call=None)
