"""What demands more than the settings allow: refused when it is complete, with limit and value."""

import json

import pytest

from backend.database import schema
from backend.wiring import Parts
from tests import factories
from tests.media_samples import tone, write, write_av


@pytest.fixture
def parts(tmp_path):
    settings = factories.stub_settings(
        tmp_path / "home", max_duration_s=2, max_pixels=3000, min_sample_rate=8000,
        max_lines=2, max_line_chars=10,
    )  # fmt: skip
    found = Parts(settings)
    schema.migrate(found.db)
    yield found
    found.db.engine.dispose()


def complete(client, name: str, content: bytes, role: str = "video"):
    file = client.post("/v1/files/presign", json={"filename": name, "role": role}).json
    client.put(file["url"], data=content)
    return client.post("/v1/files/complete", json={"fileId": file["fileId"]})


def check_refusal(answer, limit: str, allowed: float, found: float) -> None:
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    problem = answer.json
    assert problem["type"] == "urn:dubline:problem:limit-exceeded"
    assert (problem["limit"], problem["allowed"]) == (limit, allowed)
    assert problem["found"] == pytest.approx(found, abs=0.1)
    assert f"{limit} is {allowed}" in problem["detail"]


@pytest.mark.parametrize("role", ["video", "background"])
def test_a_recording_that_is_too_long(client, parts, tmp_path, role):
    path = write(tmp_path / "talk.wav", tone(3.0))
    check_refusal(complete(client, "talk.wav", path.read_bytes(), role), "MAX_DURATION_S", 2, 3.0)
    assert list(parts.local_store.list_objects("incoming/")) == []


def test_a_picture_that_is_too_large(client, tmp_path):
    path = write_av(tmp_path / "talk.mp4", tone(1.0), "aac", video=1.0)
    check_refusal(complete(client, "talk.mp4", path.read_bytes()), "MAX_PIXELS", 3000, 64 * 48)


def test_sound_with_too_few_samples(client, tmp_path):
    path = write(tmp_path / "talk.wav", tone(0.5), 4000)
    check_refusal(complete(client, "talk.wav", path.read_bytes()), "MIN_SAMPLE_RATE", 8000, 4000)


def test_a_transcript_with_too_much(client):
    cues = [f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nLine.\n" for n in (1, 2, 3)]
    answer = complete(client, "talk.srt", "\n".join(cues).encode(), "transcript")
    check_refusal(answer, "MAX_LINES", 2, 3)
    answer = complete(client, "talk.srt", cues[0].encode() + b"Much more.\n", "transcript")
    check_refusal(answer, "MAX_LINE_CHARS", 10, 16)


def test_subtitles_in_place_of_a_recording_are_told_as_what_they_are(new_parts):
    parts = new_parts(transcription_backend=("pocketsphinx",))
    schema.migrate(parts.db)
    client = factories.api_client(parts)
    document = {
        "language": "en", "duration": 2, "segments": [{"id": 0, "start": 0, "end": 1, "text": "a"}]
    }  # fmt: skip
    for name, content in (
        ("talk.srt", b"1\n00:00:01,000 --> 00:00:01,900\nLine.\n"),
        ("talk.vtt", "WEBVTT\n\n00:01.000 --> 00:01.900\nLine.\n".encode("utf-16")),
        ("talk.json", json.dumps(document).encode()),
    ):
        answer = complete(client, name, content)
        assert answer.status_code == 422
        assert answer.json["detail"].startswith(f"{name} is a transcript, not a recording: ")
        assert "--transcript" in answer.json["detail"]
