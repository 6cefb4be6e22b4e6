"""OpenAI's words have no marks and no speakers: both are found here."""

from types import SimpleNamespace

import pytest

from backend.errors import Refused
from tests.contract.vendors.test_transcribers import listen
from workers.providers import openai_speech
from workers.providers.registry import ProviderRegistry
from workers.speakers.turns import Diarization, SpeakerTurn


@pytest.fixture
def vendor():
    return "openai_speech"


@pytest.fixture
def transcriber(settings):
    return ProviderRegistry(settings).get_transcriber("openai_speech")


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("Hello, you. Bye!", ["Hello", "you", "Bye"], ["Hello,", "you.", "Bye!"]),
        ('He said: "Go!"', ["He", "said", "Go"], ["He", "said:", '"Go!"']),
        ("¿Qué tal?", ["Qué", "tal"], ["¿Qué", "tal?"]),
        ("It's 5 o'clock.", ["It's", "5", "o'clock"], ["It's", "5", "o'clock."]),
        ("你好。再见。", ["你好", "再见"], ["你好。", "再见。"]),
        ("One three", ["One", "two", "three"], ["One", "two", "three"]),
        ("", ["lost"], ["lost"]),
        ("", [], []),
    ],
)
def test_words_get_the_marks_of_the_text(text, words, told):
    timed = [SimpleNamespace(word=word, start=i, end=i + 1) for i, word in enumerate(words)]
    assert [one.word.text for one in openai_speech.read_words(timed, text)] == told


def test_speakers_are_told_apart_by_their_voices(transcriber, recording, monkeypatch):
    def diarize(wav, sentences, call):
        assert wav == recording.path
        labels = "ABCD"
        return Diarization(
            [SpeakerTurn(*one) for one in zip(labels, sentences, strict=True)], ["?"]
        )

    monkeypatch.setattr(openai_speech.turns, "diarize", diarize)
    heard = listen(transcriber, recording, diarize=True)
    assert [one.speaker for one in heard.segments] == ["A", "B", "C", "D"]
    assert heard.warnings == ["?"]


def test_a_recording_that_is_too_large_is_refused(transcriber, recording, server, monkeypatch):
    monkeypatch.setattr(openai_speech, "MOST_BYTES", 100)
    with pytest.raises(Refused, match="takes 100 bytes"):
        listen(transcriber, recording)
    assert server.asked == []
