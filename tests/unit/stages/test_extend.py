"""A dub whose picture waits for lines that are too long: everything in it is on one clock."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf

from backend.hls.index import Package, Role
from backend.media.probe import probe_media
from backend.pipeline.params import Bed, Timing, TimingPolicy
from tests.media_samples import FPS, rms, tone, write, write_av
from tests.mix_scene import RATE, Scene, decode_sound, paths
from workers.media.decode import decode_blocks

EXTEND = Timing(policy=TimingPolicy.EXTEND, max_shift=0.3)
# The second line takes four seconds more than it has, even spoken faster by a fifth.
LINES = [(0.5, 1.5, "Hola", 1.0), (2.0, 3.0, "Una frase muy larga", 6.6), (3.2, 4.2, "Adiós", 1.0)]
SECONDS = 6.0


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def film(scene: Scene) -> Scene:
    sound = tone(SECONDS)
    source = write_av(scene.folder / "film.mp4", sound, "aac", video=SECONDS, video_codec="libx264")
    scene.store("media", source, "video/mp4", "film.mp4")
    scene.say(LINES, SECONDS, timing=EXTEND)
    return scene


def manifest(files: dict[str, Path]) -> dict:
    return json.loads(files["manifest"].read_text())


def measure_hold(files: dict[str, Path]) -> tuple[float, float]:
    """When the dub's picture stands still, by the manifest: from, until."""
    lines = manifest(files)["lines"]
    [waiting] = [line for line in lines if line["hold"]]
    end = waiting["start"] + waiting["duration"]
    return end - waiting["hold"], end


def test_all_files_are_longer_by_the_same_whole_frames(film):
    files = paths(film.run(flac=True, stems=True))
    start, end = measure_hold(files)
    total = SECONDS + end - start
    assert (end - start) * FPS == pytest.approx(round((end - start) * FPS), abs=1e-6)
    for kind in ("audio_flac", "stem_dub", "stem_bed"):
        assert sf.info(files[kind]).frames == round(total * RATE)
    for kind in ("audio", "video"):
        assert probe_media(files[kind]).duration == pytest.approx(total, abs=0.5 / RATE)
    package = Package.model_validate_json(files["hls"].read_bytes())
    lengths = {role: stream.duration for role, stream in package.streams.items()}
    assert set(lengths) == set(Role)
    assert list(lengths.values()) == pytest.approx([total] * len(lengths), abs=0.03)
    assert manifest(files)["source"]["duration"] == SECONDS


def test_the_report_is_on_the_clock_of_the_dub(film):
    report = json.loads(paths(film.run())["report"].read_text())
    lines = report["lines"]
    assert all(line["source"]["start"] - 0.31 < line["dub"]["start"] for line in lines)
    assert all(abs(line["shift"]) < 0.31 for line in lines)
    assert {line["verdict"] for line in lines} == {"ok"}
    sums = report["sums"]
    assert (sums["durationErrorMs"], sums["collisions"], sums["cuts"]) == (0, 0, 0)


def test_each_line_is_heard_and_captioned_when_the_picture_has_come_so_far(film):
    files = paths(film.run(bed=Bed.NONE, flac=True))
    sound = decode_sound(files["audio_flac"])[:, 0]
    first, long, last = manifest(files)["lines"]
    assert long["rate"] == 1.2
    assert last["start"] == pytest.approx(3.2 + long["hold"], abs=0.31)
    for line in (first, long, last):
        inside = sound[round(line["start"] * RATE) :][: round(line["duration"] * RATE)]
        assert rms(inside[2400:-2400]) > -30
    *_, caption = files["captions_srt"].read_text(encoding="utf-8").strip().split("\n\n")
    _, times, text = caption.splitlines()
    hours, minutes, seconds = times.split(" --> ")[0].replace(",", ".").split(":")
    assert (int(hours), int(minutes), text) == (0, 0, "Adiós")
    assert float(seconds) == pytest.approx(last["start"], abs=0.05)


def test_the_original_pauses_with_the_picture(film):
    files = paths(film.run())
    start, end = measure_hold(files)
    with av.open(files["video"]) as container:
        shown = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
        languages = [stream.language for stream in container.streams.audio]
    assert languages == ["spa", "deu"]
    assert len(shown) == round((SECONDS + end - start) * FPS)
    still = slice(round(start * FPS) + 1, round(end * FPS))
    assert np.ptp(shown[still]) < 2
    assert shown[still.stop + 2] > shown[still.start] + 10
    original = track(files["video"], 1)
    assert rms(original[round((start + 0.05) * RATE) : round((end - 0.05) * RATE)]) < -60
    for at in (start - 0.3, end + 0.1):
        assert rms(original[round(at * RATE) :][: RATE // 5]) > -20


def test_music_of_its_own_plays_on(film):
    film.store("background", write(film.folder / "music.wav", tone(12.0, hertz=220.0)))
    files = paths(film.run(stems=True))
    start, end = measure_hold(files)
    bed = decode_sound(files["stem_bed"])
    loud = [rms(bed[at : at + 4800]) for at in range(0, len(bed) - 4800, 4800)]
    assert min(loud[round(start * 10) : round(end * 10)]) > -50


def test_a_second_run_keeps_the_picture_and_all_chunks(film, monkeypatch):
    first = film.run(flac=True)
    again = {kind: path.read_bytes() for kind, path in paths(first).items()}
    film.again(first)
    monkeypatch.setattr("workers.mixing.recording.encode_picture", None)
    monkeypatch.setattr("workers.mixing.render._ChunkTask.render_chunk", None)
    files = paths(film.run(flac=True))
    for kind in ("audio", "audio_flac", "video", "captions_srt"):
        assert files[kind].read_bytes() == again[kind]


def test_sound_alone_gets_longer_by_just_what_the_line_takes(scene):
    scene.store("media", write(scene.folder / "talk.wav", tone(SECONDS)))
    scene.say(LINES, SECONDS, timing=EXTEND)
    files = paths(scene.run(flac=True, bed=Bed.SOURCE))
    start, end = measure_hold(files)
    assert sf.info(files["audio_flac"]).frames == round((SECONDS + end - start) * RATE)
    assert "video" not in files


def track(path: Path, number: int) -> np.ndarray:
    """An audio track by itself."""
    out = path.with_suffix(f".{number}.mp4")
    with av.open(path) as source, av.open(out, "w") as target:
        stream = source.streams.audio[number]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    return np.concatenate(list(decode_blocks(out, RATE, 2)))
