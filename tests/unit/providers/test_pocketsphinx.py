"""The offline transcriber: what it hears, where it cuts, and how its processes end."""

import os
import signal
import subprocess
import sys
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import psutil
import pytest

from backend.documents.transcripts import Word
from backend.errors import Cancelled, Permanent, Transient
from workers.interfaces.providers import Recording
from workers.providers import pocketsphinx
from workers.providers.decoders import Decoder
from workers.providers.pocketsphinx import (
    PocketSphinx,
    format_sentence,
    split_sentences,
    split_stretches,
)

RATE = 16_000


class Line:
    """The line back to the stage."""

    def __init__(self, stop: Exception | None = None, after: int = 0) -> None:
        self.stop = stop
        self.after = after
        self.told: list[float] = []

    def progress(self, fraction: float) -> None:
        self.told.append(fraction)
        if self.stop and len(self.told) > self.after:
            raise self.stop


def wav(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(to_pcm(samples))
    return path


def to_pcm(samples: np.ndarray) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def flite(folder: Path, text: str) -> np.ndarray:
    path = folder / "flite.wav"
    subprocess.run(["flite", "-voice", "rms", "-t", text, "-o", str(path)], check=True)
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def decoders() -> list[psutil.Process]:
    """The decoders that this process has started and that still run."""
    children = psutil.Process().children(recursive=True)
    return [one for one in children if any("pocketsphinx_decoder" in arg for arg in one.cmdline())]


@pytest.fixture
def talk(tmp_path: Path) -> Recording:
    pause = np.zeros(RATE)
    first = flite(tmp_path, "The house is quiet and the garden is beautiful.")
    second = flite(tmp_path, "What do you want to do today?")
    sound = np.concatenate([pause, first, pause, second, pause])
    return Recording(wav(tmp_path / "talk.wav", sound), len(sound) / RATE)


def test_words_are_heard_at_their_times(talk):
    heard = PocketSphinx().transcribe(talk, "en", diarize=False, call=Line())
    texts = [segment.text for segment in heard.segments]
    assert len(texts) == 2
    assert "garden is beautiful" in texts[0]
    assert "want to do today" in texts[1]
    assert 0.9 < heard.segments[0].start < 1.4
    for segment in heard.segments:
        assert segment.words[0].start == segment.start
        assert segment.words[-1].end == segment.end <= talk.duration
        assert all(0 <= word.confidence <= 1 for word in segment.words)


def test_the_number_of_processes_changes_nothing(talk, monkeypatch):
    monkeypatch.setattr(pocketsphinx, "CORES", 1)
    one = PocketSphinx().transcribe(talk, "en", diarize=False, call=Line())
    monkeypatch.setattr(pocketsphinx, "CORES", 3)
    assert PocketSphinx().transcribe(talk, "en", diarize=False, call=Line()) == one


def test_what_came_before_changes_nothing(tmp_path):
    first = to_pcm(flite(tmp_path, "The house is quiet and the garden is beautiful."))
    second = to_pcm(flite(tmp_path, "What do you want to do today?"))
    with Decoder() as decoder:
        fresh = decoder.decode(first, 0.0)
        decoder.decode(second, 0.0)
        assert decoder.decode(first, 0.0) == fresh


def test_text_is_not_listened_to(tmp_path):
    with pytest.raises(Permanent, match="needs sound"):
        PocketSphinx().transcribe(
            Recording(tmp_path / "talk.txt", 0.0, text="Hello."), "en", diarize=False, call=Line()
        )


def test_only_english():
    with pytest.raises(Permanent, match=r"English only, not Spanish \(es\)"):
        PocketSphinx().transcribe(Recording(Path("x"), 1.0), "es", diarize=False, call=Line())


def test_silence_is_no_speech(tmp_path):
    quiet = Recording(wav(tmp_path / "quiet.wav", np.zeros(60 * RATE)), 60.0)
    call = Line()
    assert PocketSphinx().transcribe(quiet, "en", diarize=False, call=call).segments == []
    assert len(call.told) >= 60, "hours of silence can be cancelled as well"


def test_hours_are_not_held_in_memory(tmp_path):
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        for _ in range(60):
            file.writeframes(bytes(2 * 60 * RATE))
    tracemalloc.start()
    try:
        assert list(split_stretches(path, lambda: None)) == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_cancelled_the_processes_end(talk):
    with pytest.raises(Cancelled):
        PocketSphinx().transcribe(talk, "en", diarize=False, call=Line(Cancelled("stop")))
    assert not decoders()


def test_cancelled_while_much_is_read_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr(pocketsphinx, "CORES", 1)
    one = np.concatenate([flite(tmp_path, "The garden is beautiful. " * 8), np.zeros(RATE)])
    long = Recording(wav(tmp_path / "long.wav", np.tile(one, 5)), 5 * len(one) / RATE)
    with pytest.raises(Cancelled):
        PocketSphinx().transcribe(
            long, "en", diarize=False, call=Line(Cancelled("stop"), after=round(len(one) / RATE))
        )
    assert not decoders()


@pytest.mark.parametrize("length", [100, 100 * RATE])
def test_a_decoder_that_dies_is_tried_again(length):
    with pytest.raises(Transient, match="died"), Decoder() as decoder:
        decoder.decode(bytes(RATE), 0.0)
        os.kill(decoder._process.pid, signal.SIGKILL)
        decoder._process.wait()
        decoder.decode(bytes(length), 0.0)


def test_no_decoder_outlives_a_killed_parent():
    code = (
        "from workers.providers.decoders import Decoder\n"
        "with Decoder() as d:\n"
        "    d.decode(bytes(32000), 0.0); print(d._process.pid, flush=True); input()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        psutil.wait_procs([orphan], timeout=10)
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_speech_without_a_pause_is_cut_at_its_quietest(tmp_path):
    vowel = flite(tmp_path, "aaaa")
    loud = np.flatnonzero(np.abs(vowel) > 0.05)
    voice = np.tile(vowel[loud[0] : loud[-1]], 200)[: 40 * RATE]
    voice[25 * RATE : 25 * RATE + RATE // 10] = 0
    found = list(split_stretches(wav(tmp_path / "long.wav", voice), lambda: None))
    lengths = [len(stretch.pcm) / 2 / RATE for stretch in found]
    assert max(lengths) <= pocketsphinx.LONGEST_STRETCH_S
    ends = [stretch.start + length for stretch, length in zip(found, lengths, strict=True)]
    assert any(abs(end - 25.05) < 0.2 for end in ends)


def words(*spans: tuple[float, float]) -> list[Word]:
    return [Word(text=f"w{i}", start=start, end=end) for i, (start, end) in enumerate(spans)]


def spans(sentences: list[list[Word]]) -> list[tuple[float, float]]:
    return [(sentence[0].start, sentence[-1].end) for sentence in sentences]


def test_a_long_pause_parts_sentences():
    parts = split_sentences(words((0, 1), (1.1, 2), (2.6, 3)))
    assert spans(parts) == [(0, 2), (2.6, 3)]


def test_a_long_sentence_is_parted_at_its_longest_pause():
    parts = split_sentences(words((0, 3), (3.1, 6), (6.3, 8)))
    assert spans(parts) == [(0, 6), (6.3, 8)]


def test_a_long_sentence_without_a_pause_is_parted_in_the_middle():
    parts = split_sentences(words((0, 2), (2, 4), (4, 6), (6, 8)))
    assert spans(parts) == [(0, 4), (4, 8)]


def test_one_endless_word_is_left():
    assert len(split_sentences(words((0, 20)))) == 1


def test_no_words_no_segment():
    assert split_sentences([]) == []


def test_sentences_are_written_as_one_does():
    assert format_sentence(["i", "think", "i'm", "in"]) == "I think I'm in."
