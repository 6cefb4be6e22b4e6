"""AssemblyAI's jobs: handed in once, looked at until they are done, forgotten when they fail."""

import json
import time

import pytest
from pydantic import SecretStr

from backend.errors import Pending, Permanent, Transient
from tests.contract.vendors.test_transcribers import Line, listen
from workers.providers.registry import ProviderRegistry


@pytest.fixture
def vendor():
    return "assemblyai"


@pytest.fixture
def transcriber(settings):
    return ProviderRegistry(settings).get_transcriber("assemblyai")


def hand_in(transcriber, recording, line):
    with pytest.raises(Pending) as pending:
        transcriber.transcribe(recording, "es", diarize=False, call=line)
    return pending.value


def test_a_job_is_remembered_before_it_is_looked_at(transcriber, recording, server):
    line = Line()
    pending = hand_in(transcriber, recording, line)
    assert pending.wait == 3
    assert json.loads(line.memo["job"])["id"] == "job-1"
    assert server.looks == 0


def test_each_attempt_looks_once_and_sends_nothing_again(transcriber, recording, server):
    line = Line()
    hand_in(transcriber, recording, line)
    with pytest.raises(Pending):
        transcriber.fetch("es", call=line)
    assert server.looks == 1
    recording.path.unlink()
    assert len(transcriber.fetch("es", call=line).segments) == 4
    assert len(server.jobs) == 1


def test_the_longer_a_job_takes_the_longer_one_waits(transcriber, recording, server):
    line = Line()
    hand_in(transcriber, recording, line)
    waits = []
    for seconds in (40, 4000):
        job = json.loads(line.memo["job"])
        line.memo["job"] = json.dumps({**job, "since": time.time() - seconds})
        server.looks = 0
        with pytest.raises(Pending) as pending:
            transcriber.fetch("es", call=line)
        waits.append(pending.value.wait)
    assert waits == [pytest.approx(10, abs=1), 30]


def test_a_job_that_never_ends_is_given_up(transcriber, recording, server):
    line = Line()
    hand_in(transcriber, recording, line)
    line.memo["job"] = json.dumps({**json.loads(line.memo["job"]), "since": 0})
    with pytest.raises(Transient, match="job-1 is at work for more than"):
        transcriber.fetch("es", call=line)
    assert not transcriber.has_job(line)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ("Transcoding failed. File type application/zip.", Permanent),
        ("Internal server error: please retry.", Transient),
    ],
)
def test_a_job_that_failed_is_forgotten_and_told(transcriber, recording, server, failure, error):
    server.failure = f"{failure} https://cdn/upload/hush"
    line = Line()
    with pytest.raises(error, match="assemblyai: job job-1 failed: ") as failed:
        listen(transcriber, recording, line=line)
    assert type(failed.value) is error
    assert "hush" not in str(failed.value)
    assert not transcriber.has_job(line)


def test_a_transcript_that_is_too_short_is_bought_again(transcriber, recording):
    line = Line()
    hand_in(transcriber, recording, line)
    line.memo["job"] = json.dumps({**json.loads(line.memo["job"]), "duration": 600})
    with pytest.raises(Transient, match="heard only"):
        listen(transcriber, recording, line=line)
    assert not transcriber.has_job(line)


def test_a_recording_in_which_nobody_speaks_has_no_language(transcriber, recording, server):
    server.silence = True
    assert list(listen(transcriber, recording, "auto").segments) == []


def test_without_a_secret_it_is_polled(transcriber, recording, server):
    hand_in(transcriber, recording, Line())
    assert server.webhook == {}


def test_with_a_secret_it_calls_back_and_is_looked_at_rarely(settings, recording, server):
    asked = {
        "assemblyai_webhook_secret": SecretStr("s" * 20),
        "public_url": "https://dubs.example/",
    }
    called = ProviderRegistry(settings.model_copy(update=asked)).get_transcriber("assemblyai")
    assert hand_in(called, recording, Line()).wait == 300
    assert server.webhook == {
        "webhook_url": "https://dubs.example/v1/webhooks/assemblyai",
        "webhook_auth_header_name": "X-Dubline-Webhook-Secret",
        "webhook_auth_header_value": "s" * 20,
    }
