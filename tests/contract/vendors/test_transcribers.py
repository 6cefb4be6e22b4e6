"""What every vendor's transcriber must do, called by its real SDK."""

import time
from dataclasses import replace

import pytest

from backend.errors import DublineError, Pending, Permanent, RateLimited, Refused, Transient
from tests.contract.vendors import server as servers
from tests.contract.vendors.failures import STATUSES, format_later
from tests.contract.vendors.server import KEY, Reply
from workers.interfaces.providers import JobTranscriber
from workers.providers.registry import ProviderRegistry


class Line:
    """The line back to the stage, which remembers."""

    def __init__(self):
        self.memo: dict[str, str] = {}
        self.told = 0

    def progress(self, fraction: float) -> None:
        self.told += 1

    def recall(self, key: str) -> str | None:
        return self.memo.get(key)

    def remember(self, key: str, value: str) -> None:
        self.memo[key] = value


@pytest.fixture
def transcriber(vendor, settings):
    return ProviderRegistry(settings).get_transcriber(vendor)


def listen(transcriber, recording, language="es", *, diarize=False, line=None):
    """What the stage does, attempt by attempt, as long as there is a job to wait for."""
    line = line or Line()
    while True:
        try:
            if isinstance(transcriber, JobTranscriber) and transcriber.has_job(line):
                return transcriber.fetch(language, call=line)
            return transcriber.transcribe(recording, language, diarize=diarize, call=line)
        except Pending:
            pass


def test_sentences_come_in_order_within_the_recording(transcriber, recording):
    heard = listen(transcriber, recording)
    assert heard.language == "es"
    texts = [segment.text for segment in heard.segments]
    assert texts == ["Buenos días.", "¿Qué tal?", "Muy bien.", "Adiós."]
    words = [word for segment in heard.segments for word in segment.words]
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= recording.duration
    assert [one.id for one in heard.segments] == [0, 1, 2, 3]
    assert all(one.start < one.end for one in heard.segments)


def test_speakers_are_told_apart_where_asked_for(transcriber, recording):
    if transcriber.name == "openai_speech":
        pytest.skip("they are told apart here, by their voices: test_openai_speech.py")
    heard = listen(transcriber, recording, diarize=True)
    assert [one.speaker for one in heard.segments] == ["A", "A", "B", "A"]


def test_one_speaker_has_no_label(transcriber, recording):
    assert {one.speaker for one in listen(transcriber, recording).segments} == {None}


def test_a_language_is_detected(transcriber, recording):
    heard = listen(transcriber, recording, "auto")
    assert heard.language == "es"
    assert len(heard.segments) == 4


def test_terms_are_handed_on(transcriber, recording, server):
    listen(transcriber, replace(recording, keyterms=("Dubline", "Aura")))
    assert any(b"Dubline" in asked.body or "Dubline" in str(asked.query) for asked in server.asked)


def test_the_cost_is_what_was_heard(transcriber, recording):
    cost = listen(transcriber, recording).cost
    assert (cost.units, cost.unit) == (6.0, "seconds")
    assert 0.0001 < cost.usd < 0.01


def test_silence_is_an_empty_transcript(transcriber, recording, server):
    server.silence = True
    heard = listen(transcriber, recording)
    assert list(heard.segments) == []


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_told_in_our_words(transcriber, recording, server, status):
    server.fail(status)
    with pytest.raises(DublineError) as failed:
        listen(transcriber, recording)
    assert type(failed.value) is STATUSES[status]
    assert len(server.asked) == 1  # the database tries again, not the SDK
    message = str(failed.value)
    assert message.startswith(f"{transcriber.name}: ")
    assert str(status) in message
    for secret in (KEY, "hush", "https://"):
        assert secret not in message


@pytest.mark.parametrize(("as_date", "seconds"), [(False, 7), (True, 60), (None, None)])
def test_a_vendor_may_say_when_to_come_back(transcriber, recording, server, as_date, seconds):
    headers = {True: {"retry_after": format_later(60)}, False: {"retry_after": "7"}}
    server.fail(429, **headers.get(as_date, {}))
    with pytest.raises(RateLimited) as limited:
        listen(transcriber, recording)
    assert limited.value.retry_after == (seconds and pytest.approx(seconds, abs=5))


@pytest.mark.usefixtures("half_a_second")
@pytest.mark.parametrize("misbehave", [servers.trickle, servers.say_nothing])
def test_what_takes_too_long_is_given_up(transcriber, recording, server, misbehave):
    server.misbehave = misbehave
    began = time.monotonic()
    with pytest.raises(Transient, match=f"^{transcriber.name}: "):
        listen(transcriber, replace(recording, duration=0.1))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "misbehave",
    [
        servers.cut,
        servers.send_empty,
        servers.send_page,
        lambda _: Reply.of_json({}),
        lambda _: Reply.of_json([]),
        lambda _: Reply.of_json({"message": "try later"}),
    ],
)
def test_what_is_no_answer_is_asked_for_again(transcriber, recording, server, misbehave):
    server.misbehave = misbehave
    with pytest.raises(Transient, match=f"^{transcriber.name}: "):
        listen(transcriber, recording)


def test_a_transcript_of_half_the_recording_is_none(transcriber, recording):
    with pytest.raises(Transient, match=r"heard only 6.0 s of 12.0 s"):
        listen(transcriber, replace(recording, duration=12.0))


def test_nobody_listens_at_an_address_without_server(vendor, settings, recording):
    urls = {name: "http://127.0.0.1:9" for name in type(settings).model_fields if "_url" in name}
    transcriber = ProviderRegistry(settings.model_copy(update=urls)).get_transcriber(vendor)
    with pytest.raises(Transient, match=f"^{vendor}: "):
        listen(transcriber, recording)


def test_a_job_that_is_stopped_waits_no_longer(transcriber, recording, server):
    class Stop(Line):
        def progress(self, fraction):
            raise KeyboardInterrupt

    server.misbehave = servers.say_nothing
    with pytest.raises(KeyboardInterrupt):
        listen(transcriber, recording, line=Stop())


def test_a_text_is_not_listened_to(transcriber, recording, server):
    with pytest.raises(Permanent, match="text file"):
        listen(transcriber, replace(recording, text="Hello"))
    assert server.asked == []


def test_a_language_that_nobody_knows_is_refused_before_anything_is_sent(transcriber, server):
    with pytest.raises(Refused, match="Klingon"):
        transcriber.check("tlh")
    transcriber.check("auto")
    transcriber.check("pt-BR")
    assert server.asked == []
