"""How loud a dub is, what else comes with it, and what a second run leaves as it was."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile as sf

from backend.pipeline.params import Bed, Ducking, Loudness
from tests.loudness_meter import ebur128
from tests.media_samples import Samples, rms, tone, write, write_av
from tests.mix_scene import LINES, RATE, Scene, decode_sound, paths
from workers.audio.samples import FRAME
from workers.interfaces.stages import StageResult
from workers.media.m4a import read_packets
from workers.mixing.score import CHUNK

SECONDS = 32.0
SAID = [(at, at + 3.0, f"Hola {at}", 2.0 + at / 50) for at in np.arange(1.0, 28.0, 5.0)]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def programme(seconds: float, rate: int = RATE) -> Samples:
    """Speech-like bursts in the middle over music at the sides."""
    count = round(seconds * rate)
    time = np.arange(count) / rate
    rng = np.random.default_rng(0)
    bursts = rng.standard_normal(count) * np.clip(np.sin(2 * np.pi * time / 5), 0, 1) ** 2
    music = np.stack([np.sin(2 * np.pi * 220 * time), np.sin(2 * np.pi * 331 * time)], axis=1)
    return (0.12 * bursts[:, None] + 0.05 * music).astype(np.float32)


@pytest.fixture
def long(scene: Scene) -> Scene:
    """Half a minute of it with a line every five seconds."""
    scene.store("media", write(scene.folder / "in.flac", programme(SECONDS)))
    scene.say(SAID, SECONDS)
    return scene


def loudness(outcome: StageResult) -> dict:
    return outcome.files[0].meta["loudness"]


@pytest.mark.parametrize(
    ("asked", "target"),
    [(Loudness.WEB, -16.0), (Loudness.EBU, -23.0), (Loudness.STREAMING, -27.0)],
)
def test_a_dub_is_as_loud_as_asked_for_and_says_so(long, asked, target):
    outcome = long.run(loudness=asked)
    told, measured = loudness(outcome), ebur128(paths(outcome)["audio"])
    assert told["target"] == target
    assert measured.integrated == pytest.approx(target, abs=0.5)
    assert measured.true_peak <= -1.0
    assert told["integrated"] == pytest.approx(measured.integrated, abs=0.1)
    assert told["range"] == pytest.approx(measured.range, abs=0.2)
    assert told["true_peak"] == pytest.approx(measured.true_peak, abs=0.2)
    assert json.loads(paths(outcome)["manifest"].read_text())["loudness"] == told


@pytest.mark.parametrize(("factor", "expected"), [(1.0, None), (8.0, -14.0), (0.02, -31.0)])
def test_without_a_target_it_is_as_loud_as_the_source(scene, factor, expected):
    source = (factor * programme(20.0)).clip(-1, 1)
    path = write(scene.folder / "in.wav", source)
    scene.store("media", path)
    scene.say(SAID[:3], 20.0)
    outcome = scene.run()
    expected = expected or ebur128(path).integrated
    assert ebur128(paths(outcome)["audio"]).integrated == pytest.approx(expected, abs=0.5)


def test_speech_is_as_loud_as_the_sources_own(scene):
    source = np.zeros((8 * RATE, 2), np.float32)
    source[RATE // 2 : 3 * RATE] = 0.5 * tone(2.5, hertz=880.0)
    scene.store("media", write(scene.folder / "in.wav", source))
    scene.say([(0.5, 3.0, "Hola", 2.0)], 8.0, level=3.0)
    sound = decode_sound(paths(scene.run(bed=Bed.NONE, flac=True))["audio_flac"])
    assert rms(sound[RATE : 2 * RATE]) == pytest.approx(rms(0.5 * tone(1.0)), abs=0.4)


def test_ducking_is_as_deep_as_asked_for(scene):
    scene.store("media", write(scene.folder / "in.wav", 0.5 * tone(8.0, hertz=440.0)))
    scene.say([(3.0, 5.0, "Hola", 1.5)], 8.0)
    ducking = Ducking(depth_db=6.0, attack_ms=100, release_ms=100)
    bed = decode_sound(paths(scene.run(stems=True, ducking=ducking))["stem_bed"])
    assert rms(bed[4 * RATE : 5 * RATE]) == pytest.approx(rms(bed[:RATE]) - 6, abs=0.1)
    assert rms(bed[round(2.8 * RATE) : round(2.85 * RATE)]) == pytest.approx(
        rms(bed[:RATE]), abs=0.1
    )


def test_stems_add_up_to_the_mix(long):
    made = paths(long.run(flac=True, stems=True))
    dub, bed, whole = (decode_sound(made[kind]) for kind in ("stem_dub", "stem_bed", "audio_flac"))
    assert np.abs(dub + bed - whole).max() < 1e-5
    assert rms(dub[: RATE // 2]) < -100
    assert rms(dub[2 * RATE : 3 * RATE]) > -40


def test_each_line_comes_by_itself(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    scene.say([*LINES, (3.2, 3.6, "", 0.0)], 4.0)
    with ZipFile(paths(scene.run(segment_audio=True))["segment_audio"]) as archive:
        lengths = {}
        for name in archive.namelist():
            sound, rate = sf.read(BytesIO(archive.read(name)))
            assert (rate, sound.ndim) == (RATE, 1)
            lengths[name] = len(sound) / RATE
    assert lengths == {"0000.flac": 0.8, "0001.flac": 1.0}


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 6), (44_100, 2)])
def test_recordings_of_any_rate_and_layout_become_48_khz_stereo(scene, rate, channels):
    source = 0.3 * tone(4.0, rate, channels)
    scene.store("media", write_av(scene.folder / "in.flac", source, "flac", rate))
    scene.say(LINES, 4.0)
    outcome = scene.run(flac=True)
    sound = decode_sound(paths(outcome)["audio_flac"])
    assert sound.shape == (4 * RATE, 2)
    assert rms(sound[round(3.7 * RATE) :]) > -50
    assert abs(loudness(outcome)["integrated"] - loudness(outcome)["target"]) <= 0.5


def test_voices_are_taken_out_of_a_stereo_bed(scene):
    guitar = np.stack([tone(8.0)[:, 0], np.zeros(8 * RATE, np.float32)], axis=1)
    voice = tone(8.0, hertz=1000.0)
    scene.store("media", write(scene.folder / "in.wav", 0.3 * (guitar + voice)))
    scene.say([(6.0, 6.5, "Hola", 0.5)], 8.0)
    outcome = scene.run(bed=Bed.INSTRUMENTAL, stems=True)
    bed = decode_sound(paths(outcome)["stem_bed"])[RATE : 4 * RATE]
    spectrum = np.abs(np.fft.rfft(bed[:, 0] * np.hanning(len(bed))))
    guitar_there, voice_there = spectrum[440 * 3], spectrum[1000 * 3]
    assert voice_there < 0.01 * guitar_there
    assert not outcome.warnings


def test_a_mono_recording_is_lowered_instead_and_says_so(scene):
    scene.store("media", write(scene.folder / "in.wav", 0.3 * tone(4.0)))
    scene.say(LINES, 4.0)
    outcome = scene.run(bed=Bed.INSTRUMENTAL)
    assert json.loads(paths(outcome)["manifest"].read_text())["bed"] == "source"
    assert any("mono" in warning for warning in outcome.warnings)


def test_a_second_run_of_the_same_renders_nothing_and_makes_the_same(long):
    first = long.run(flac=True, stems=True)
    content = {kind: path.read_bytes() for kind, path in paths(first).items()}
    long.again(first)
    second = paths(long.run(flac=True, stems=True))
    assert not any(key.startswith("clip") for key in long.context.fetched)
    for kind in ("audio", "audio_flac", "stem_dub", "stem_bed", "mix_index"):
        assert second[kind].read_bytes() == content[kind], kind


def test_a_line_spoken_anew_changes_its_chunks_and_nothing_else(long):
    first = long.run(flac=True)
    old = list(read_packets(paths(first)["audio"]))
    pcm = sf.read(paths(first)["audio_flac"], dtype="int32")[0]
    long.again(first)
    long.say([*SAID[:4], (*SAID[4][:2], "Otra cosa", 2.25), *SAID[5:]], SECONDS)
    again = paths(long.run(flac=True))
    start = SAID[4][0] * RATE
    touched = {int(start // CHUNK), int((start + 2.5 * RATE) // CHUNK)}
    new = list(read_packets(again["audio"]))
    changed = {at * FRAME // CHUNK for at in range(len(new)) if new[at] != old[at]}
    assert changed == touched
    assert {key for key in long.context.fetched if key.startswith("clip")} <= {
        *("clip-3", "clip-4", "clip-5"),
    }
    now = sf.read(again["audio_flac"], dtype="int32")[0]
    differs = np.flatnonzero((now != pcm).any(axis=1))
    assert start - RATE < differs[0] and differs[-1] < start + 4 * RATE


def test_another_target_is_reached_from_what_was_measured(long):
    long.again(long.run())
    outcome = long.run(loudness=Loudness.EBU)
    assert ebur128(paths(outcome)["audio"]).integrated == pytest.approx(-23, abs=0.5)


def test_what_an_earlier_run_lost_is_made_again(long):
    first = long.run()
    content = paths(first)["audio"].read_bytes()
    long.again(first)
    long.context.stored["before-mix_index"].write_text("{")
    assert paths(long.run())["audio"].read_bytes() == content
