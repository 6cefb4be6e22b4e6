"""The video files of a dub: one for each language, and one with all of them."""

from pathlib import Path

import av
import pytest
from av.stream import Disposition

from backend.media.probe import probe
from tests.desk import LoneDesk
from tests.hls_scene import SECONDS, dubbed, film
from tests.media_samples import tone, trimmed, write, write_av
from tests.mix_scene import heard
from workers.exports import video
from workers.exports.video import Dub
from workers.interfaces.stages import Made


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"))


@pytest.fixture
def desk(tmp_path: Path) -> LoneDesk:
    return LoneDesk(tmp_path)


def dub(desk: LoneDesk, source: Path, language: str) -> Dub:
    mix = dubbed(desk, source, language)
    return Dub(language, mix.dub, mix.captions)


def joined(desk: LoneDesk, source: Path, *languages: str) -> Made | None:
    dubs = [dub(desk, source, language) for language in languages]
    recording = dubbed(desk, source, "es").recording
    return video.write_joint(recording, "en", dubs, desk.workdir, desk.progress)


def tracks(path: Path) -> list[tuple[str, str, bool]]:
    with av.open(path) as container:
        return [
            (one.type, one.language or "", bool(one.disposition & Disposition.default))
            for one in (*container.streams.audio, *container.streams.subtitles)
        ]


def test_languages_are_in_one_file_in_the_order_asked_for(desk, source):
    made = joined(desk, source, "es", "pt-BR")
    assert (made.kind, made.filename, made.meta["language"]) == ("video_all", "dub.mp4", "es,pt-BR")
    assert tracks(made.path) == [
        ("audio", "spa", True),
        ("audio", "por", False),
        ("audio", "eng", False),
        ("subtitle", "spa", True),  # as MP4 has it of the first one
        ("subtitle", "por", False),
    ]
    assert len(heard(made.path)) == SECONDS * 48_000


def test_sound_alone_is_no_video(desk, tmp_path):
    talk = write(tmp_path / "talk.wav", tone(SECONDS))
    assert video.own(dubbed(desk, talk, "es"), desk.progress) is None
    assert joined(desk, talk, "es", "fr") is None


def test_sound_that_is_none_for_mp4_becomes_aac_in_it(desk, tmp_path):
    length, sound = SECONDS + 3.32, tone(SECONDS + 3.32)
    whole = write_av(tmp_path / "a.mov", sound, "pcm_s16le", video=length, video_codec="libx264")
    source = trimmed(whole, tmp_path / "b.mov", 3.32)
    mix = dubbed(desk, source, "es")
    for made in (video.own(mix, desk.progress), joined(desk, source, "es")):
        assert made.filename == "dub.mp4"
        assert probe(made.path).duration == pytest.approx(SECONDS)
        assert tracks(made.path)[:2] == [("audio", "spa", True), ("audio", "eng", False)]
        with av.open(made.path) as container:
            original = container.streams.audio[1]
            assert original.codec_context.name == "aac"
            lengths = [float(one.duration * one.time_base) for one in container.streams.audio]
        assert lengths == pytest.approx([SECONDS, SECONDS], abs=0.03)


def test_a_trimmed_picture_that_fits_matroska_alone_is_not_shown_with_what_was_hidden(
    desk, tmp_path
):
    whole = write_av(
        *(tmp_path / "a.mov", tone(SECONDS), "aac"),
        video=SECONDS,
        video_codec="mpeg2video",
        video_options={"sc_threshold": "1000000000"},
    )
    source = trimmed(whole, tmp_path / "b.mov", 0.2)
    assert video.own(dubbed(desk, whole, "es"), desk.progress).filename == "dub.mkv"
    assert video.own(dubbed(desk, source, "es"), desk.progress) is None


def test_webm_gets_the_dubs_as_opus(desk, tmp_path):
    source = write_av(
        tmp_path / "in.webm", tone(SECONDS), "libopus", video=1.0, video_codec="libvpx"
    )
    made = video.own(dubbed(desk, source, "es"), desk.progress)
    assert made is not None
    assert (made.filename, made.mime) == ("dub.webm", "video/webm")
    assert (made.meta["codec"], made.meta["audio_codec"]) == ("vp8", "opus")
    both = joined(desk, source, "es", "fr")
    with av.open(both.path) as container:
        assert {one.codec_context.name for one in container.streams.audio} <= {"opus", "libopus"}
        assert len(container.streams.audio) == 3
