"""Transcribing the finished dub: only if asked for, by who can, and paid once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from backend.errors import Permanent, Transient
from tests.desk import LoneDesk, work
from tests.media_samples import tone, write
from workers.audio.samples import RATE
from workers.interfaces.providers import Cost, Transcribed
from workers.mixing.score import Take
from workers.providers.stub import StubTranscriber
from workers.report.back_transcription import Audible, listened

HEARD = "[stub transcript of 1.500 s of sound]"


class Vendor(StubTranscriber):
    """Counts what is bought, and may fail instead."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    def transcribe(self, recording, language, *, diarize, call) -> Transcribed:
        if self.error:
            raise self.error
        self.asked += 1
        heard = super().transcribe(recording, language, diarize=diarize, call=call)
        return Transcribed(heard.segments, heard.language, cost=Cost(1.0, "seconds", usd=0.01))


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    found = Vendor()
    monkeypatch.setattr(LoneDesk, "transcriber", lambda _self, _name: found)
    return found


@pytest.fixture
def desk(tmp_path: Path) -> LoneDesk:
    return LoneDesk(tmp_path)


@pytest.fixture
def dub(tmp_path: Path) -> Audible:
    clip = write(tmp_path / "clip.flac", tone(0.5, channels=1))
    takes = [Take("clip", 0, RATE // 2), Take("clip", RATE, RATE // 2)]
    return Audible(takes, {"clip": lambda: clip}, HEARD.replace("stub", "dub"))


def test_nobody_listens_unless_asked_to(desk, dub, vendor):
    assert listened(work({}, "es"), desk, dub).heard is None
    assert vendor.asked == 0


def test_errors_are_told_with_who_listened(desk, dub, vendor):
    hearing = listened(work({}, "es", transcribe_dub=True), desk, dub)
    assert hearing.heard is not None
    assert hearing.heard.errors == pytest.approx(1 / 8, abs=1e-4)
    assert (hearing.heard.unit, hearing.heard.provider) == ("word", "stub")
    assert hearing.cost.usd == 0.01


def test_the_same_dub_is_not_paid_for_twice(desk, dub, vendor):
    asked = work({}, "es", transcribe_dub=True)
    first, second = listened(asked, desk, dub), listened(asked, desk, dub)
    assert vendor.asked == 1
    assert second.heard == first.heard
    assert second.cost.usd == 0


@pytest.mark.parametrize("other", [Take("clip", 2 * RATE, RATE // 2), Take("clip", RATE, RATE)])
def test_a_dub_that_sounds_otherwise_is_listened_to(desk, dub, vendor, other):
    asked = work({}, "es", transcribe_dub=True)
    listened(asked, desk, dub)
    listened(asked, desk, dub._replace(takes=[dub.takes[0], other]))
    assert vendor.asked == 2


def test_it_listens_to_the_lines_where_they_sound(desk, dub, vendor):
    listened(work({}, "es", transcribe_dub=True), desk, dub)
    sound, rate = sf.read(desk.workdir / "spoken.wav")
    half = rate // 2
    assert len(sound) == 3 * half
    loud = [np.abs(sound[start : start + half]).max() > 0.01 for start in (0, half, 2 * half)]
    assert loud == [True, False, True]


@pytest.mark.parametrize("kind", [Permanent, Transient])
def test_what_cannot_be_transcribed_is_a_warning(desk, dub, vendor, kind):
    vendor.error = kind("Not by me.")
    hearing = listened(work({}, "es", transcribe_dub=True), desk, dub)
    assert hearing.heard is None
    assert hearing.warnings == ["The dub was not transcribed again: Not by me."]


def test_the_local_transcriber_says_that_it_cannot_before_it_listens(desk, dub):
    providers = {"transcription": "local", "translation": "stub", "tts": "stub"}
    asked = work({}, "es", transcribe_dub=True, providers=providers)
    (warning,) = listened(asked, desk, dub._replace(clips={})).warnings
    assert "understands English only" in warning
