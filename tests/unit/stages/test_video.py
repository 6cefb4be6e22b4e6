"""The video files of a dub: one for each language, and one with all of them."""

from pathlib import Path

import av
import pytest
from av.stream import Disposition

from tests.desk import LoneDesk
from tests.hls_scene import SECONDS, dubbed, film
from tests.media_samples import tone, write_av
from tests.mix_scene import heard
from workers.stages import package, video
from workers.stages.base import StoredFile


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"))


@pytest.fixture
def desk(tmp_path: Path) -> LoneDesk:
    return LoneDesk(tmp_path)


def done(desk: LoneDesk, source: Path, language: str) -> dict[str, StoredFile]:
    """What is in storage of a language that is complete."""
    mix = dubbed(desk, source, language)
    [index] = [one for one in package.streams(mix, desk.progress).made if one.kind == "hls"]
    return {
        "hls": desk.keep(index.path, index.mime),
        "audio": desk.keep(mix.dub, "audio/mp4"),
        "captions_vtt": desk.keep(mix.captions, "text/vtt"),
    }


def tracks(path: Path) -> list[tuple[str, str, bool]]:
    with av.open(path) as container:
        return [
            (one.type, one.language or "", bool(one.disposition & Disposition.default))
            for one in (*container.streams.audio, *container.streams.subtitles)
        ]


def test_all_languages_that_are_complete_are_in_one_file_in_the_order_asked_for(desk, source):
    mixes = {"es": done(desk, source, "es"), "fr": {}, "pt-BR": {}}
    made = video.joint(dubbed(desk, source, "pt-BR"), mixes)
    assert made is not None
    assert (made.kind, made.filename, made.meta["language"]) == ("video_all", "dub.mp4", "es,pt-BR")
    assert tracks(made.path) == [
        ("audio", "spa", True),
        ("audio", "por", False),
        ("audio", "eng", False),
        ("subtitle", "spa", True),  # as MP4 has it of the first one
        ("subtitle", "por", False),
    ]
    assert len(heard(made.path)) == SECONDS * 48_000


def test_a_language_by_itself_needs_no_other_file(desk, source):
    assert video.joint(dubbed(desk, source, "es"), {"es": {}, "fr": {}}) is None


def test_a_language_whose_picture_is_held_has_a_file_of_its_own(desk, source, tmp_path):
    mixes = {"es": {}, "fr": done(desk, film(tmp_path, SECONDS + 1), "fr")}
    assert video.joint(dubbed(desk, source, "es"), mixes) is None


def test_a_language_that_storage_damaged_is_left_out(desk, source):
    mixes = {language: done(desk, source, language) for language in ("es", "fr")}
    desk.store.delete(mixes["es"]["audio"].key)
    made = video.joint(dubbed(desk, source, "pt-BR"), {**mixes, "pt-BR": {}})
    assert made is not None
    assert made.meta["language"] == "fr,pt-BR"


def test_webm_gets_the_dubs_as_opus(desk, tmp_path):
    source = write_av(
        tmp_path / "in.webm", tone(SECONDS), "libopus", video=1.0, video_codec="libvpx"
    )
    made = video.own(dubbed(desk, source, "es"), desk.progress)
    assert made is not None
    assert (made.filename, made.mime) == ("dub.webm", "video/webm")
    assert (made.meta["codec"], made.meta["audio_codec"]) == ("vp8", "opus")
    both = video.joint(dubbed(desk, source, "fr"), {"es": done(desk, source, "es"), "fr": {}})
    assert both is not None
    with av.open(both.path) as container:
        assert {one.codec_context.name for one in container.streams.audio} <= {"opus", "libopus"}
        assert len(container.streams.audio) == 3
