"""The video files of a dub: one for each language, and one with all of them."""

import subprocess
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from backend.media.probe import probe_media
from tests.hls_scene import SECONDS, build_mix, film
from tests.media_samples import tone, trim_file, write, write_av
from tests.mix_scene import decode_sound
from tests.stage_context import LocalContext
from workers.exports import video
from workers.exports.video import DubTracks
from workers.interfaces.stages import OutputFile

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


def join_languages(context: LocalContext, source: Path, *languages: str) -> OutputFile | None:
    dubs = [dub(context, source, language) for language in languages]
    recording = build_mix(context, source, "es").recording
    return video.write_film(recording, "en", dubs, context.workdir, context.progress)


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
    assert video.write_video(build_mix(context, talk, "es"), context.progress) is None
    assert join_languages(context, talk, "es", "fr") is None


def test_sound_that_is_none_for_mp4_becomes_aac_in_it(context, tmp_path):
    length, sound = SECONDS + 3.32, tone(SECONDS + 3.32)
    whole = write_av(tmp_path / "a.mov", sound, "pcm_s16le", video=length, video_codec="libx264")
    source = trim_file(whole, tmp_path / "b.mov", 3.32)
    mix = build_mix(context, source, "es")
    for made in (video.write_video(mix, context.progress), join_languages(context, source, "es")):
        assert made.filename == "dub.mp4"
        assert probe_media(made.path).duration == pytest.approx(SECONDS)
        assert tracks(made.path)[:2] == [("audio", "spa", True), ("audio", "eng", False)]
        with av.open(made.path) as container:
            original = container.streams.audio[1]
            assert original.codec_context.name == "aac"
            lengths = [float(one.duration * one.time_base) for one in container.streams.audio]
        assert lengths == pytest.approx([SECONDS, SECONDS], abs=0.03)


def test_a_trimmed_picture_that_fits_matroska_alone_is_not_shown_with_what_was_hidden(
    context, tmp_path
):
    whole = write_av(
        *(tmp_path / "a.mov", tone(SECONDS), "aac"),
        video=SECONDS,
        video_codec="mpeg2video",
        video_options={"sc_threshold": "1000000000"},
    )
    source = trim_file(whole, tmp_path / "b.mov", 0.2)
    assert (
        video.write_video(build_mix(context, whole, "es"), context.progress).filename == "dub.mkv"
    )
    assert video.write_video(build_mix(context, source, "es"), context.progress) is None


def test_webm_gets_the_dubs_as_opus(context, tmp_path):
    source = write_av(
        tmp_path / "in.webm", tone(SECONDS), "libopus", video=1.0, video_codec="libvpx"
    )
    made = video.write_video(build_mix(context, source, "es"), context.progress)
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
    made = video.write_video(build_mix(context, path, "es"), context.progress)
    assert made.path.suffix == ".mkv"
    before, after = probe_media(path), probe_media(made.path)
    assert after.video.codec == before.video.codec
    assert [one.codec for one in after.streams if one.kind == "audio"] == ["aac", "aac"]
