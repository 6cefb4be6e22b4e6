"""The pitch of a voice."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.documents.transcripts import Segment
from tests.demo_sample import speak
from workers.speakers.pitch import compute_median_pitch, measure_speakers

RATE = 16_000


def buzz(hertz: float, seconds: float = 1.0) -> np.ndarray:
    """A voice's spectrum: harmonics that get weaker, the first one weaker than the second."""
    time = np.arange(round(seconds * RATE)) / RATE
    weights = [0.4, 1.0, 0.7, 0.5, 0.3]
    harmonics = [w * np.sin(2 * np.pi * hertz * k * time) for k, w in enumerate(weights, 1)]
    return (0.1 * np.sum(harmonics, axis=0)).astype(np.float32)


@pytest.mark.parametrize("hertz", [85, 119, 165, 207, 300])
def test_the_fundamental_is_found_and_not_its_octave(hertz):
    assert compute_median_pitch([buzz(hertz)], RATE) == pytest.approx(hertz, rel=0.02)


def test_noise_has_hardly_any_influence():
    noise = np.random.default_rng(1).normal(0, 0.02, RATE).astype(np.float32)
    assert compute_median_pitch([buzz(119) + noise, noise], RATE) == pytest.approx(119, rel=0.05)


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.zeros(0), buzz(119)[:100]])
def test_what_is_no_voice_has_no_pitch(samples):
    assert compute_median_pitch([samples.astype(np.float32)], RATE) is None


def test_voices_of_men_and_women():
    assert compute_median_pitch([speak("rms", "What do you want to do today?", RATE)], RATE) < 120
    assert compute_median_pitch([speak("slt", "What do you want to do today?", RATE)], RATE) > 150


def test_each_speaker_is_measured_by_what_they_say(tmp_path: Path):
    wav = tmp_path / "talk.wav"
    soundfile.write(wav, np.concatenate([buzz(210), buzz(110)]), RATE)
    said = [
        Segment(id=0, start=0.0, end=1.0, text="Yes.", speaker="B"),
        Segment(id=1, start=1.0, end=2.0, text="No.", speaker="A"),
        Segment(id=2, start=5.0, end=6.0, text="After the end.", speaker="C"),
    ]
    found = measure_speakers(wav, said)
    assert [one.label for one in found] == ["B", "A", "C"]
    assert found[0].pitch_hz == pytest.approx(210, rel=0.02)
    assert found[1].pitch_hz == pytest.approx(110, rel=0.02)
    assert found[2].pitch_hz is None
