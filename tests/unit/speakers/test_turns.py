"""Who says what, with flite's voices and the words as a recogniser would time them."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.documents.transcripts import Word
from backend.errors import Cancelled
from tests.demo_sample import DIALOGUE, speak
from workers.speakers import clusters, encoder
from workers.speakers.turns import diarize, split_at_pauses

RATE = 16_000


class Line:
    """The line back to the stage."""

    def __init__(self, stop: Exception | None = None) -> None:
        self.stop = stop

    def progress(self, fraction: float) -> None:
        if self.stop:
            raise self.stop


def words(start: float, end: float, count: int = 4) -> list[Word]:
    """Words that follow one another without a pause."""
    edges = np.linspace(start, end, count + 1)
    return [Word(text="so", start=a, end=b) for a, b in pairwise(edges)]


def talk(folder: Path, voices: Sequence[str], pause: float = 0.3) -> tuple[Path, list[list[Word]]]:
    """A recording in which each voice says a line, and the words of each line."""
    parts, said, at = [], [], 0.0
    for voice, (_, text) in zip(voices, DIALOGUE, strict=False):
        line = speak(voice, text, RATE)
        said.append(words(at, at + len(line) / RATE))
        parts += [line, np.zeros(round(pause * RATE), np.float32)]
        at += len(line) / RATE + pause
    path = folder / "talk.wav"
    soundfile.write(path, np.concatenate(parts), RATE)
    return path, said


def labels(told) -> str:
    assert not told.warnings
    return "".join(turn.speaker for turn in told.turns)


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        (["rms"] * 5, "AAAAA"),
        (["slt", "rms", "slt", "rms"], "ABAB"),
        (["kal16", "slt", "rms", "kal16", "rms", "slt"], "ABCACB"),
    ],
)
def test_speakers_are_labelled_in_order_of_appearance(tmp_path, voices, expected):
    assert labels(diarize(*talk(tmp_path, voices), Line())) == expected


def test_two_speakers_that_were_taken_for_one_sentence_are_parted(tmp_path):
    wav, (first, second, third, fourth) = talk(tmp_path, ["rms", "slt", "slt", "rms"], 0.1)
    told = diarize(wav, [[*first, *second], [*third, *fourth]], Line())
    assert labels(told) == "ABBA"
    assert [turn.words for turn in told.turns] == [first, second, third, fourth]


def test_one_speakers_sentence_stays_whole(tmp_path):
    wav, said = talk(tmp_path, ["rms", "rms", "slt", "slt"], 0.1)
    told = diarize(wav, [[*said[0], *said[1]], [*said[2], *said[3]]], Line())
    assert labels(told) == "AB"


def test_too_little_speech_is_all_by_one_speaker(tmp_path):
    wav, _ = talk(tmp_path, ["rms"])
    told = diarize(wav, [words(0.0, 0.3), words(0.5, 0.7)], Line())
    assert [turn.speaker for turn in told.turns] == [None, None]
    assert "too little is said" in told.warnings[0]


def test_silence_is_told_apart_as_one_speaker(tmp_path):
    wav = tmp_path / "silence.wav"
    soundfile.write(wav, np.zeros(5 * RATE), RATE)
    told = diarize(wav, [words(0, 2), words(3, 4)], Line())
    assert labels(told) == "AA"


def test_nothing_said_is_no_reason_to_warn(tmp_path):
    assert diarize(tmp_path / "nothing.wav", [], Line()) == ([], [])


def test_whatever_goes_wrong_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "linkage", lambda *_: np.linalg.inv(np.zeros((2, 2))))
    wav, said = talk(tmp_path, ["rms", "slt"])
    told = diarize(wav, said, Line())
    assert [turn.speaker for turn in told.turns] == [None, None]
    assert [turn.words for turn in told.turns] == said
    assert "unexpected LinAlgError" in told.warnings[0]


def test_it_can_be_stopped(tmp_path):
    with pytest.raises(Cancelled):
        diarize(*talk(tmp_path, ["rms", "slt"]), Line(Cancelled("enough")))


def test_a_sentence_is_cut_at_pauses_that_leave_enough_on_both_sides():
    sentence = [*words(0, 0.5), *words(0.6, 1.5), *words(1.6, 3.0), *words(3.1, 3.5)]
    assert [(part[0].start, part[-1].end) for part in split_at_pauses(sentence)] == [
        (0, 1.5),
        (1.6, 3.5),
    ]


def test_a_voiceprint_does_not_depend_on_loudness_nor_on_what_else_is_asked():
    line = speak("rms", DIALOGUE[0][1], RATE)
    alone, *_ = encoder.compute_voiceprints([line])
    among = list(encoder.compute_voiceprints([0.01 * line, *[line[:RATE]] * 40]))
    assert among[0] @ alone == pytest.approx(1, abs=1e-4)
    assert len(among) == 41
