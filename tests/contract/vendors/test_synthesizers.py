"""What every vendor's synthesiser must do, called by its real SDK."""

import time
from dataclasses import replace

import numpy as np
import pytest

from backend.errors import DublineError, Permanent, RateLimited, Refused, Transient
from tests.contract.vendors import server as servers
from tests.contract.vendors.failures import STATUSES, format_later
from tests.contract.vendors.server import KEY, TEXT_OF_NOBODY
from workers.interfaces.providers import Pitch, Utterance
from workers.providers.registry import ProviderRegistry


@pytest.fixture
def synthesizer(vendor, settings):
    return ProviderRegistry(settings).get_synthesizer(vendor)


@pytest.fixture
def utterance(synthesizer, server):
    voice = synthesizer.list_voices("es")[0].name
    server.asked.clear()
    return Utterance(TEXT_OF_NOBODY, "es", voice)


def speak(synthesizer, utterance):
    return synthesizer.synthesize(utterance, call=None)


def test_voices_are_high_and_low_and_always_in_the_same_order(synthesizer):
    voices = synthesizer.list_voices("es-MX")
    names = [voice.name for voice in voices]
    assert len(set(names)) == len(names) >= 4
    assert {Pitch.LOW, Pitch.HIGH} <= {voice.pitch for voice in voices}
    assert synthesizer.list_voices("es-MX") == voices


def test_a_language_without_a_voice_is_refused(synthesizer):
    with pytest.raises(Refused, match="Klingon"):
        synthesizer.list_voices("tlh")


def test_speech_is_sound_with_a_cost(synthesizer, utterance):
    spoken = speak(synthesizer, utterance)
    assert spoken.samples.dtype == np.float32
    assert spoken.samples.ndim == 1
    assert 0.2 < np.abs(spoken.samples).max() <= 1
    seconds = 0.07 * len(TEXT_OF_NOBODY)
    assert len(spoken.samples) / spoken.sample_rate == pytest.approx(seconds, abs=0.01)
    assert (spoken.cost.units, spoken.cost.unit) == (len(TEXT_OF_NOBODY), "characters")
    assert 0 < spoken.cost.usd < 0.01


def test_the_rate_is_the_voices_own(synthesizer, utterance):
    rate = min(1.2, synthesizer.max_rate)
    natural = speak(synthesizer, utterance)
    faster = speak(synthesizer, replace(utterance, rate=rate))
    assert len(faster.samples) == pytest.approx(len(natural.samples) / rate, rel=0.01)


def test_a_long_text_is_said_sentence_by_sentence(synthesizer, utterance, server):
    text = " ".join(["Uno dos tres."] * 800)
    spoken = speak(synthesizer, replace(utterance, text=text))
    texts = [list(asked.json.values()) for asked in server.asked]
    assert len(texts) > 1
    assert spoken.cost.units == pytest.approx(len(text), abs=len(texts))
    seconds = 0.07 * len(text)
    assert len(spoken.samples) / spoken.sample_rate == pytest.approx(seconds, rel=0.01)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_told_in_our_words(synthesizer, utterance, server, status):
    server.fail(status)
    with pytest.raises(DublineError) as failed:
        speak(synthesizer, utterance)
    assert type(failed.value) is STATUSES[status]
    assert len(server.asked) == 1
    message = str(failed.value)
    assert message.startswith(f"{synthesizer.name}: ")
    assert str(status) in message
    for secret in (KEY, TEXT_OF_NOBODY, "hush", "https://"):
        assert secret not in message


@pytest.mark.parametrize(("as_date", "seconds"), [(False, 7), (True, 60), (None, None)])
def test_a_vendor_may_say_when_to_come_back(synthesizer, utterance, server, as_date, seconds):
    headers = {True: {"retry_after": format_later(60)}, False: {"retry_after": "7"}}
    server.fail(429, **headers.get(as_date, {}))
    with pytest.raises(RateLimited) as limited:
        speak(synthesizer, utterance)
    assert limited.value.retry_after == (seconds and pytest.approx(seconds, abs=5))


@pytest.mark.usefixtures("half_a_second")
@pytest.mark.parametrize("misbehave", [servers.trickle, servers.say_nothing])
def test_what_takes_too_long_is_given_up(synthesizer, utterance, server, misbehave):
    server.misbehave = misbehave
    began = time.monotonic()
    with pytest.raises(Transient, match=f"^{synthesizer.name}: "):
        speak(synthesizer, utterance)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "misbehave",
    [
        servers.cut,
        servers.send_empty,
        servers.send_quarter,
        servers.send_odd,
        servers.send_json,
        servers.send_page,
    ],
)
def test_what_is_no_speech_is_asked_for_again(synthesizer, utterance, server, misbehave):
    server.misbehave = misbehave
    with pytest.raises(Transient, match=f"^{synthesizer.name}: "):
        speak(synthesizer, utterance)


def test_a_voice_that_is_not_offered_is_named_before_anything_is_sent(
    synthesizer, utterance, server
):
    with pytest.raises(Permanent, match="not as 'nobody'"):
        speak(synthesizer, replace(utterance, voice="nobody"))
    assert server.asked == []
