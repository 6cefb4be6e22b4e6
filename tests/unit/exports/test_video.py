"""The video files of a dub: one for each language, and one with all of them."""

import subprocess
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from backend.media.probe import probe_media
from backend.media.tracks import TrackWish
from tests.hls_scene import SECONDS, build_mix, film
from tests.media_samples import FPS, rms, tone, trim_file, write, write_av
from tests.mix_scene import decode_sound
from tests.stage_context import LocalContext
from workers.exports import video
from workers.exports.video import DubTracks
from workers.interfaces.stages import OutputFile
from workers.media.containers import choose_container, find_container
from workers.media.decode import decode_blocks
from workers.mixing.recording import hold_recording
from workers.timing.holds import DubClock, Hold

PIXELS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"))


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    return LocalContext(tmp_path)


def dub(context: LocalContext, source: Path, language: str) -> DubTracks:
    mix = build_mix(context, source, language)
    return DubTracks(language, mix.dub, mix.captions)


def write_video(context: LocalContext, source: Path) -> OutputFile | None:
    """The Spanish dub of it."""
    made = video.write_video(build_mix(context, source, "es"), context.progress)
    return next(iter(made.files), None)


def join_languages(context: LocalContext, source: Path, *languages: str) -> OutputFile | None:
    dubs = [dub(context, source, language) for language in languages]
    recording = build_mix(context, source, "es").recording
    return next(iter(video.write_film(recording, "en", dubs, context).files), None)


def tracks(path: Path) -> list[tuple[str, str, bool]]:
    with av.open(path) as container:
        return [
            (one.type, one.language or "", bool(one.disposition & Disposition.default))
            for one in (*container.streams.audio, *container.streams.subtitles)
        ]


def test_languages_are_in_one_file_in_the_order_asked_for(context, source):
    made = join_languages(context, source, "es", "pt-BR")
    assert (made.kind, made.filename, made.meta["language"]) == ("video_all", "dub.mp4", "es,pt-BR")
    assert tracks(made.path) == [
        ("audio", "spa", True),
        ("audio", "por", False),
        ("audio", "eng", False),
        ("subtitle", "spa", True),  # as MP4 has it of the first one
        ("subtitle", "por", False),
    ]
    assert len(decode_sound(made.path)) == SECONDS * 48_000


def test_sound_alone_is_no_video(context, tmp_path):
    talk = write(tmp_path / "talk.wav", tone(SECONDS))
    assert write_video(context, talk) is None
    assert join_languages(context, talk, "es", "fr") is None


def test_sound_that_is_none_for_mp4_becomes_aac_in_it(context, tmp_path):
    length, sound = SECONDS + 3.32, tone(SECONDS + 3.32)
    whole = write_av(tmp_path / "a.mov", sound, "pcm_s16le", video=length, video_codec="libx264")
    source = trim_file(whole, tmp_path / "b.mov", 3.32)
    for made in (write_video(context, source), join_languages(context, source, "es")):
        assert made.filename == "dub.mp4"
        assert probe_media(made.path).duration == pytest.approx(SECONDS)
        assert tracks(made.path)[:2] == [("audio", "spa", True), ("audio", "eng", False)]
        with av.open(made.path) as container:
            original = container.streams.audio[1]
            assert original.codec_context.name == "aac"
            lengths = [float(one.duration * one.time_base) for one in container.streams.audio]
        assert lengths == pytest.approx([SECONDS, SECONDS], abs=0.03)


def test_what_an_edit_list_hides_stays_hidden_in_what_has_edit_lists(context, tmp_path):
    whole = write_av(
        *(tmp_path / "a.mov", tone(SECONDS), "aac"),
        video=SECONDS,
        video_codec="mpeg2video",
        video_options={"sc_threshold": "1000000000"},
    )
    source = trim_file(whole, tmp_path / "b.mov", 0.2)
    assert write_video(context, whole).filename == "dub.mkv"
    made = write_video(context, source)
    assert (made.filename, made.meta["codec"]) == ("dub.mov", "mpeg2video")
    assert probe_media(made.path).duration == pytest.approx(SECONDS - 0.2, abs=0.05)


def test_webm_gets_the_dubs_as_opus(context, tmp_path):
    source = write_av(
        tmp_path / "in.webm", tone(SECONDS), "libopus", video=1.0, video_codec="libvpx"
    )
    made = write_video(context, source)
    assert made is not None
    assert (made.filename, made.mime) == ("dub.webm", "video/webm")
    assert (made.meta["codec"], made.meta["audio_codec"]) == ("vp8", "opus")
    both = join_languages(context, source, "es", "fr")
    with av.open(both.path) as container:
        assert {one.codec_context.name for one in container.streams.audio} <= {"opus", "libopus"}
        assert len(container.streams.audio) == 3


@pytest.mark.parametrize(
    ("shown", "heard", "suffix"),
    [
        ("msmpeg4", "adpcm_ima_wav", "avi"),
        ("mjpeg", "pcm_mulaw", "avi"),
        ("mjpeg", "adpcm_ms", "avi"),
        ("prores_ks", "pcm_alaw", "mov"),
    ],
)
def test_old_pictures_are_copied_and_their_sound_converted(context, tmp_path, shown, heard, suffix):
    path = tmp_path / f"old.{suffix}"
    picture = ("-f", "lavfi", "-i", f"testsrc=s=352x288:r=25:d={SECONDS}")
    sound = ("-f", "lavfi", "-i", f"sine=r=44100:d={SECONDS}")
    codecs = ("-c:v", shown, "-c:a", heard, "-pix_fmt", PIXELS.get(shown, "yuv420p"))
    command = ("ffmpeg", "-v", "error", *picture, *sound, *codecs, str(path))
    subprocess.run(command, check=True)
    made = write_video(context, path)
    assert made.path.suffix == ".mkv"
    before, after = probe_media(path), probe_media(made.path)
    assert after.video.codec == before.video.codec
    assert [one.codec for one in after.streams if one.kind == "audio"] == ["aac", "aac"]


def write_bilingual(folder: Path) -> Path:
    """German by default, which hums at 440 Hz, and an English commentary at 880 Hz."""
    path = folder / "two.mkv"
    sounds = [("-f", "lavfi", "-i", f"sine=f={hertz}:r=48000:d={SECONDS}") for hertz in (440, 880)]
    picture = ("-f", "lavfi", "-i", f"testsrc=s=64x48:r=25:d={SECONDS}")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "libx264", "-c:a", "adpcm_ima_wav")
    german = ("-metadata:s:a:0", "language=ger", "-disposition:a:0", "default")
    english = ("-metadata:s:a:1", "language=eng", "-metadata:s:a:1", "title=Ana comments")
    command = ("ffmpeg", "-v", "error", *picture, *sounds[0], *sounds[1], *maps, *german, *english)
    subprocess.run((*command, "-disposition:a:1", "comment", str(path)), check=True)
    return path


def measure_pitch(path: Path, number: int) -> float:
    heard = np.concatenate(list(decode_blocks(path, 48_000, 1, track=TrackWish(number=number))))
    return float(np.abs(np.fft.rfft(heard[:48_000, 0])).argmax())


def test_other_sound_tracks_come_after_the_original_as_they_are_called(context, tmp_path):
    source = write_bilingual(tmp_path)
    for made in (write_video(context, source), join_languages(context, source, "es", "fr")):
        with av.open(made.path) as container:
            *_, original, other = container.streams.audio
            assert [original.language, other.language] == ["deu", "eng"]
            assert original.disposition == Disposition.original
            assert other.metadata["title"] == "Ana comments"
            assert other.disposition == Disposition.comment
            count = len(container.streams.audio)
        assert [measure_pitch(made.path, number) for number in (count - 1, count)] == [440, 880]


def test_other_sound_tracks_pause_with_the_picture(context, tmp_path):
    mix = build_mix(context, write_bilingual(tmp_path), "es")
    clock = DubClock([Hold(1.0, 0.4)])
    held = hold_recording(mix.recording, clock, context, context.progress)
    made = video.write_video(replace(mix, source=held, clock=clock), context.progress)
    assert made.files[0].filename == "dub.mkv"
    other = TrackWish(number=3)
    heard = np.concatenate(list(decode_blocks(made.files[0].path, 48_000, 1, track=other)))
    assert rms(heard[50_000:66_000]) < -60
    assert rms(heard[70_000:90_000]) > -30


@pytest.mark.parametrize(
    ("shown", "suffix", "kind"),
    [
        ("wmv2", "asf", "mkv"),
        ("flv", "flv", "mkv"),
        ("qtrle", "mov", "mov"),
        ("dvvideo", "avi", "mkv"),
    ],
)
def test_the_muxer_is_asked_and_not_its_list(tmp_path, shown, suffix, kind):
    path = tmp_path / f"in.{suffix}"
    size = "720x576" if shown == "dvvideo" else "64x48"
    picture = ("-f", "lavfi", "-i", f"testsrc=s={size}:r=25:d=0.5")
    pixels = () if shown == "qtrle" else ("-pix_fmt", "yuv420p")
    subprocess.run(
        ("ffmpeg", "-v", "error", *picture, *pixels, "-c:v", shown, str(path)), check=True
    )
    found = probe_media(path)
    first = choose_container(found.format, found.video.codec, [])
    assert find_container(path, first) == kind


def test_what_no_container_takes_is_encoded_and_told(context, tmp_path, monkeypatch):
    monkeypatch.setattr(video, "find_container", lambda *_: None)
    source = write_av(
        tmp_path / "a.avi", tone(SECONDS), "pcm_s16le", video=SECONDS, video_codec="mpeg4"
    )
    made = video.write_video(build_mix(context, source, "es"), context.progress)
    assert made.files[0].filename == "dub.mp4"
    [warning] = made.warnings
    assert warning.startswith("The picture was encoded as H.264: no container takes the mpeg4")
    with av.open(made.files[0].path) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.video[0].frames == SECONDS * FPS
    monkeypatch.setattr("workers.mixing.recording.encode_picture", None)
    assert join_languages(context, source, "es", "fr") is not None
