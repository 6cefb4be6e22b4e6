"""Transcribing the finished dub: only if asked for, by who can, and paid once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from backend.errors import Pending, Permanent, Transient
from tests.media_samples import tone, write
from tests.stage_context import LocalContext, build_input
from workers.audio.samples import RATE
from workers.interfaces.providers import Cost, TranscriptionResult
from workers.mixing.score import PlacedTake
from workers.providers.stub import StubTranscriber
from workers.report.back_transcription import AudibleDub, transcribe_dub

HEARD = "{stub transcript of 1.500 s of sound}"


class Vendor(StubTranscriber):
    """Counts what is bought, and may fail instead."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    def transcribe(self, recording, language, *, diarize, call) -> TranscriptionResult:
        if self.error:
            raise self.error
        self.asked += 1
        heard = super().transcribe(recording, language, diarize=diarize, call=call)
        return TranscriptionResult(
            heard.segments, heard.language, cost=Cost(1.0, "seconds", usd=0.01)
        )


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    found = Vendor()
    monkeypatch.setattr(LocalContext, "get_transcriber", lambda _self, _name: found)
    return found


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    return LocalContext(tmp_path)


@pytest.fixture
def dub(tmp_path: Path) -> AudibleDub:
    clip = write(tmp_path / "clip.flac", tone(0.5, channels=1))
    takes = [PlacedTake("clip", 0, RATE // 2), PlacedTake("clip", RATE, RATE // 2)]
    return AudibleDub(takes, {"clip": lambda: clip}, HEARD.replace("stub", "dub"))


def test_nobody_listens_unless_asked_to(context, dub, vendor):
    assert transcribe_dub(build_input({}, "es"), context, dub).heard is None
    assert vendor.asked == 0


def test_errors_are_told_with_who_listened(context, dub, vendor):
    hearing = transcribe_dub(build_input({}, "es", transcribe_dub=True), context, dub)
    assert hearing.heard is not None
    assert hearing.heard.errors == pytest.approx(1 / 8, abs=1e-4)
    assert (hearing.heard.unit, hearing.heard.provider) == ("word", "stub")
    assert hearing.cost.usd == 0.01


def test_the_same_dub_is_not_paid_for_twice(context, dub, vendor):
    asked = build_input({}, "es", transcribe_dub=True)
    first, second = transcribe_dub(asked, context, dub), transcribe_dub(asked, context, dub)
    assert vendor.asked == 1
    assert second.heard == first.heard
    assert second.cost.usd == 0


@pytest.mark.parametrize(
    "other", [PlacedTake("clip", 2 * RATE, RATE // 2), PlacedTake("clip", RATE, RATE)]
)
def test_a_dub_that_sounds_otherwise_is_listened_to(context, dub, vendor, other):
    asked = build_input({}, "es", transcribe_dub=True)
    transcribe_dub(asked, context, dub)
    transcribe_dub(asked, context, dub._replace(takes=[dub.takes[0], other]))
    assert vendor.asked == 2


def test_it_listens_to_the_lines_where_they_sound(context, dub, vendor):
    transcribe_dub(build_input({}, "es", transcribe_dub=True), context, dub)
    sound, rate = sf.read(context.workdir / "spoken.wav")
    half = rate // 2
    assert len(sound) == 3 * half
    loud = [np.abs(sound[start : start + half]).max() > 0.01 for start in (0, half, 2 * half)]
    assert loud == [True, False, True]


@pytest.mark.parametrize("kind", [Permanent, Transient])
def test_what_cannot_be_transcribed_is_a_warning(context, dub, vendor, kind):
    vendor.error = kind("Not by me.")
    hearing = transcribe_dub(build_input({}, "es", transcribe_dub=True), context, dub)
    assert hearing.heard is None
    assert hearing.warnings == ["The dub was not transcribed again: Not by me."]


def test_the_local_transcriber_says_that_it_cannot_before_it_listens(context, dub):
    providers = {"transcription": "local", "translation": "stub", "tts": "stub"}
    asked = build_input({}, "es", transcribe_dub=True, providers=providers)
    (warning,) = transcribe_dub(asked, context, dub._replace(clips={})).warnings
    assert "understands English only" in warning


def test_a_vendors_job_is_waited_for(context, dub, vendor, monkeypatch):
    """Red where it is a warning like other errors: then it is paid for and never heard."""
    jobs = iter([Pending("at work", 3), Pending("at work", 4)])
    really = Vendor.transcribe

    def transcribe(self, *given, **options) -> TranscriptionResult:
        for pending in jobs:
            raise pending
        return really(self, *given, **options)

    monkeypatch.setattr(Vendor, "transcribe", transcribe)
    found = transcribe_dub(build_input({}, "es", transcribe_dub=True), context, dub)
    assert found.heard is not None
    assert not found.warnings
    assert context.pauses == [3, 4]
