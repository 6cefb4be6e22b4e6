"""The mix stage on golden samples: what goes in is known, so what must come out is, too."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf

from backend.errors import Permanent
from backend.media.probe import probe_media
from backend.pipeline.keys import build_object_key
from backend.pipeline.params import Bed
from backend.pipeline.stages import Provenance, Stage
from tests.media_samples import Samples, no_sound, rms, tone, write, write_av
from tests.mix_scene import LINES, RATE, Scene, decode_sound, paths
from workers.audio.loudness import compute_integrated_loudness, measure_tenths
from workers.stages.mix import choose_bed


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_speech_is_where_it_must_be_and_nothing_else_is(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0, 44_100), 44_100))
    scene.say(LINES, 4.0)
    made = paths(scene.run(bed=Bed.NONE, flac=True))
    for kind, quiet in (("audio_flac", -100), ("audio", -70)):
        sound = decode_sound(made[kind])
        assert sound.shape == (4 * RATE, 2)
        for start, end in ((0.5, 1.3), (2.0, 3.0)):
            inside = sound[round(start * RATE) + 1500 : round(end * RATE) - 1500]
            assert rms(inside) > -25
        for start, end in ((0.0, 0.5), (1.3, 2.0), (3.0, 4.0)):
            outside = sound[round(start * RATE) + 1500 : round(end * RATE) - 1500]
            assert rms(outside) < quiet


@pytest.mark.parametrize("samples", [48_000, 48_001, 95_999, 96_777, 700])
def test_audio_lasts_as_long_as_the_source_to_the_sample(scene, samples):
    scene.store("media", write(scene.folder / "in.flac", tone(2.1)[:samples]))
    scene.say([(0.0, 0.01, "Ya", 0.5)], samples / RATE)
    made = scene.run(flac=True)
    files = paths(made)
    assert sf.info(files["audio_flac"]).frames == samples
    assert round(probe_media(files["audio"]).duration * RATE) == samples
    with av.open(files["audio"]) as container:
        assert container.streams.audio[0].duration == samples
        assert container.streams.audio[0].start_time == 0
    assert made.files[0].meta["duration"] == samples / RATE


def test_the_source_steps_back_under_speech_and_comes_back(scene):
    scene.store("media", write(scene.folder / "in.wav", 0.5 * tone(8.0, hertz=440.0)))
    scene.say([(3.0, 5.0, "Hola", 1.0)], 8.0)
    sound = decode_sound(paths(scene.run(bed=Bed.AUTO, flac=True))["audio_flac"])[:, 0]
    before, under, after_clip, back = (
        strength(sound[round(at * RATE) :][: RATE // 2], 440.0) for at in (1.0, 3.2, 4.4, 6.5)
    )
    assert before == pytest.approx(0.125, rel=0.05)
    assert back == pytest.approx(before, rel=0.01)
    assert 20 * np.log10(under / before) == pytest.approx(-18, abs=0.5)
    assert after_clip == pytest.approx(under, rel=0.05)


def test_a_background_takes_the_sources_place(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0, hertz=440.0)))
    scene.store("background", write(scene.folder / "bed.wav", tone(2.0, 44_100, 1, 660.0), 44_100))
    scene.say([(0.5, 1.0, "Hola", 0.5)], 4.0)
    sound = decode_sound(paths(scene.run(flac=True))["audio_flac"])[:, 0]
    assert len(sound) == 4 * RATE
    assert strength(sound[: RATE // 4], 440.0) < 0.001
    assert strength(sound[round(1.6 * RATE) : round(1.9 * RATE)], 660.0) > 0.2
    assert rms(sound[round(2.1 * RATE) :]) < -90


def test_nothing_clips(scene):
    loud = np.sign(tone(4.0)).astype(np.float32)
    scene.store("media", write(scene.folder / "in.wav", loud))
    scene.say([(0.5, 1.5, "Hola", 1.0), (1.6, 3.0, "Hola", 1.4)], 4.0)
    made = paths(scene.run(bed=Bed.SOURCE, flac=True))
    assert np.abs(decode_sound(made["audio_flac"])).max() <= 10 ** (-1 / 20)


def test_lines_never_overlap_are_never_cut_and_end_in_time(scene):
    lines = [(at, at + 0.5, f"n {at}", 1.4) for at in (0.0, 0.6, 1.2, 3.6)]
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    scene.say(lines, 4.0)
    outcome = scene.run(bed=Bed.NONE, flac=True)
    manifest = json.loads(paths(outcome)["manifest"].read_text())
    spans = [(line["start"], line["start"] + line["duration"]) for line in manifest["lines"]]
    assert all(end < start for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] <= 4.0
    assert any("sped up" in warning for warning in outcome.warnings)
    sound = decode_sound(paths(outcome)["audio_flac"])[:, 0]
    for start, end in spans:
        for edge in (round(start * RATE) + 960, round(end * RATE) - 2400):
            assert rms(sound[edge : edge + 1200]) > -30


def test_video_keeps_its_picture_and_gets_the_dub_first(scene):
    source = write_av(scene.folder / "film.mp4", tone(3.0), "aac", video=3.0, video_codec="libx264")
    scene.store("media", source)
    scene.say(LINES[:1], 3.0)
    outcome = scene.run(bed=Bed.SOURCE)
    video = paths(outcome)["video"]
    assert video.name == "dub.mp4"
    assert pictures(video) == pictures(source)
    assert probe_media(video).duration == pytest.approx(probe_media(source).duration, abs=1e-6)
    with av.open(video) as container:
        dub, original = container.streams.audio
        assert (dub.language, original.language) == ("spa", "deu")
        assert dub.disposition & av.stream.Disposition.default
        assert not original.disposition & av.stream.Disposition.default
    dubbed, alone = decode_sound(video), decode_sound(paths(outcome)["audio"])
    assert np.abs(dubbed[: 2 * RATE] - alone[: 2 * RATE]).max() < 1e-6
    assert video.read_bytes().find(b"moov") < video.read_bytes().find(b"mdat")


@pytest.mark.parametrize(
    ("name", "video_codec", "codec", "made"),
    [
        ("a.webm", "libvpx", "libopus", "dub.webm"),
        ("a.webm", "libvpx-vp9", "libopus", "dub.webm"),
        ("a.ts", "libx264", "mp2", "dub.mp4"),
        ("a.avi", "mpeg4", "libmp3lame", "dub.mp4"),
        ("a.mkv", "libx264", "pcm_s16le", "dub.mkv"),
        ("a.avi", "libx264", "libmp3lame", "dub.mp4"),
        ("a.mkv", "libx264", "aac", "dub.mkv"),
    ],
)
def test_videos_of_many_kinds(scene, name, video_codec, codec, made):
    source = write_av(scene.folder / name, tone(2.0), codec, video=2.0, video_codec=video_codec)
    scene.store("media", source)
    scene.say(LINES[:1], 2.0)
    video = paths(scene.run())["video"]
    assert video.name == made
    assert len(pictures(video)) == len(pictures(source)) == 50
    assert probe_media(video).duration == pytest.approx(2.0, abs=0.041)


def test_hevc_is_tagged_as_apple_wants_it(scene):
    source = write_av(
        *(scene.folder / "a.mp4", tone(1.0), "aac"),
        video=1.0,
        video_codec="libx265",
        video_tag="hvc1",
    )
    scene.store("media", source)
    scene.say([], 1.0)
    with av.open(paths(scene.run())["video"]) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_sound_that_starts_late_in_a_video_stays_late(scene):
    source = write_av(
        *(scene.folder / "late.mp4", tone(1.5), "aac"),
        video=2.0,
        video_codec="libx264",
        pieces=((0.5, 0, 72_000),),
    )
    scene.store("media", source)
    scene.say([(1.0, 1.5, "Hola", 0.5)], 2.0)
    files = paths(scene.run(bed=Bed.SOURCE))
    for path in (files["audio"], files["video"]):
        sound = decode_sound(path)
        assert len(sound) == 2 * RATE
        assert rms(sound[: round(0.45 * RATE)]) < -60
        assert rms(sound[round(0.55 * RATE) : round(0.75 * RATE)]) > -20


def test_an_old_picture_is_copied_into_a_container_that_takes_it(scene):
    source = write_av(
        scene.folder / "a.avi", tone(2.0), "libmp3lame", video=2.0, video_codec="wmv2"
    )
    scene.store("media", source)
    scene.say(LINES[:1], 2.0)
    outcome = scene.run()
    assert paths(outcome)["video"].suffix == ".mkv"
    assert not any("picture" in warning for warning in outcome.warnings)


def test_the_manifest_tells_every_file_and_how_it_was_made(scene):
    name = 'مقابلة "كاملة"/../جزء 1.wav'
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)), "audio/wav", name)
    scene.say(LINES, 4.0)
    scene.upstream = (
        Provenance(Stage.MT, None, None, 0.0),
        Provenance(Stage.TTS, "espeak", "espeak-ng-1", 0.0),
    )
    outcome = scene.run(flac=True)
    manifest = json.loads(paths(outcome)["manifest"].read_text(encoding="utf-8"))
    assert (manifest["job"], manifest["run"], manifest["language"]) == ("job-1", 3, "es")
    assert manifest["source"]["filename"] == name
    assert manifest["providers"] == {"mt": None, "tts": "espeak"}
    assert manifest["bed"] == "source"
    assert manifest["lines"][0] == {
        "id": 0,
        "start": 0.5,
        "duration": 0.8,
        "rate": 1.0,
        "hold": 0.0,
        "spoken_at": 1.0,
        "voice": "v",
    }
    others = [made for made in outcome.files if made.kind != "manifest"]
    assert [file["kind"] for file in manifest["files"]] == [made.kind for made in others]
    assert [file["size"] for file in manifest["files"]] == [
        made.path.stat().st_size for made in others
    ]
    for file, one in zip(manifest["files"], others, strict=True):
        sha256 = hashlib.sha256(one.path.read_bytes()).hexdigest()
        assert file["sha256"] == sha256
        assert file["key"] == build_object_key("job-1", Stage.MIX, "es", sha256, one.filename)
    assert [file["kind"] for file in manifest["inputs"]] == ["media", "segments", "speech"]
    assert manifest["files"][0]["meta"]["duration"] == 4.0
    assert all(set(made.filename) <= set("abcdefghijklmnopqrstuvwxyz.4") for made in outcome.files)


def test_text_instead_of_media_is_spoken_over_nothing(scene):
    (scene.folder / "in.txt").write_text("Hallo.")
    scene.store("media", scene.folder / "in.txt", "text/plain")
    scene.say(LINES, 4.0)
    made = paths(scene.run(flac=True))
    assert "video" not in made
    sound = decode_sound(made["audio_flac"])
    assert len(sound) == 4 * RATE
    assert rms(sound[: RATE // 3]) < -100
    assert compute_integrated_loudness(measure_tenths(sound)) == pytest.approx(-23, abs=0.5)


def test_a_line_without_speech_stays_silent(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    scene.say([(0.5, 1.5, "", 0.0), LINES[1]], 4.0)
    made = paths(scene.run(bed=Bed.NONE, flac=True))
    assert rms(decode_sound(made["audio_flac"])[: round(1.9 * RATE)]) < -100
    assert made["captions_srt"].read_text(encoding="utf-8").startswith("1\n00:00:02,000")


def test_nothing_said_at_all_leaves_the_source(scene):
    scene.store("media", write(scene.folder / "in.wav", 0.5 * tone(2.0)))
    scene.say([], 2.0)
    sound = decode_sound(paths(scene.run(flac=True))["audio_flac"])
    assert sound == pytest.approx(0.5 * tone(2.0), abs=0.001)


def test_progress_grows_to_one(scene):
    scene.store("media", write_av(scene.folder / "a.mp4", tone(3.0), "aac", video=3.0))
    scene.say(LINES, 3.0)
    scene.run()
    assert scene.context.told[-1] == 1.0
    assert len(scene.context.told) > 10
    assert min(scene.context.told) > 0


def test_a_job_that_is_cancelled_stops_at_once(scene):
    class StopError(Exception):
        pass

    def stop(fraction: float) -> None:
        if fraction > 0.3:
            raise StopError

    scene.store("media", write(scene.folder / "in.wav", tone(9.0)))
    scene.say(LINES, 9.0)
    scene.context.progress = stop
    with pytest.raises(StopError):
        scene.run()


def test_a_clip_that_cannot_be_read_fails_the_stage(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    scene.say(LINES, 4.0)
    scene.context.stored["clip-0"].write_bytes(b"not flac")
    with pytest.raises(sf.LibsndfileError):
        scene.run()


@pytest.mark.parametrize(
    ("asked", "background", "sound", "expected"),
    [
        (Bed.AUTO, True, True, Bed.BACKGROUND),
        (Bed.AUTO, False, True, Bed.SOURCE),
        (Bed.AUTO, False, False, Bed.NONE),
        (Bed.SOURCE, True, True, Bed.SOURCE),
        (Bed.SOURCE, False, False, Bed.NONE),
        (Bed.NONE, True, True, Bed.NONE),
        (Bed.INSTRUMENTAL, True, True, Bed.INSTRUMENTAL),
        (Bed.INSTRUMENTAL, False, False, Bed.NONE),
        (Bed.BACKGROUND, True, True, Bed.BACKGROUND),
    ],
)
def test_which_bed(asked, background, sound, expected):
    assert choose_bed(asked, background=background, sound=sound) is expected


def test_a_background_that_is_missing_is_refused():
    with pytest.raises(Permanent, match="upload one"):
        choose_bed(Bed.BACKGROUND, background=False, sound=True)


def test_a_video_without_sound_is_dubbed_over_nothing(scene):
    scene.store("media", write_av(scene.folder / "mute.mp4", no_sound(), "", video=2.0))
    scene.say(LINES[:1], 2.0)
    made = paths(scene.run())
    with av.open(made["video"]) as container:
        assert len(container.streams.audio) == 1


def strength(sound: Samples, hertz: float) -> float:
    """The amplitude of one frequency."""
    angle = 2j * np.pi * hertz * np.arange(len(sound)) / RATE
    window = np.hanning(len(sound))
    return float(2 * abs((sound * window * np.exp(-angle)).sum()) / window.sum())


def pictures(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]
