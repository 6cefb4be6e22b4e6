"""What is delivered besides the mix, and that the source's streams are made once for all."""

import json
from pathlib import Path

import pytest

from backend.errors import Permanent
from backend.hls.index import Package, Role
from tests.desk import LoneDesk
from tests.hls_scene import SECONDS, dubbed, film
from tests.media_samples import tone, write
from workers.exports import hls


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"))


@pytest.fixture
def desk(tmp_path: Path) -> LoneDesk:
    return LoneDesk(tmp_path)


def index(made: hls.Streams) -> Package:
    [path] = [one.path for one in made.made if one.kind == "hls"]
    return Package.model_validate_json(path.read_bytes())


def streams(desk: LoneDesk, source: Path, language: str) -> hls.Streams:
    return hls.streams(dubbed(desk, source, language), desk.progress)


def test_a_language_has_its_own_streams_and_shares_the_sources(desk, source):
    made = streams(desk, source, "es")
    assert [one.kind for one in made.made] == ["hls_dub", "hls_subtitles", "hls"]
    assert [one.kind for one in made.kept] == ["hls_video", "hls_original"]
    found = index(made)
    assert (found.language, found.source_language) == ("es", "en")
    assert set(found.streams) == set(Role)
    for stream in found.streams.values():
        assert stream.duration == pytest.approx(SECONDS, abs=0.001)
    assert made.warnings == ()
    assert desk.told == sorted(desk.told)


def test_another_language_takes_over_what_there_is(desk, source, monkeypatch):
    first = streams(desk, source, "es")
    monkeypatch.setattr(hls.hls, "video", None)
    second = streams(desk, source, "pt-BR")
    assert second.kept == first.kept
    assert index(second).streams[Role.VIDEO].codecs.startswith("avc1.")


def test_a_stream_whose_description_was_lost_is_made_again(desk, source):
    first = streams(desk, source, "es")
    for one in first.kept:
        [described] = desk.store.objects(f"streams/{one.file.sha256[:2]}/{one.file.sha256}/")
        desk.store.delete(described.key)
    assert streams(desk, source, "es").kept == first.kept


def test_sound_alone_is_streamed_as_sound(desk, tmp_path):
    source = write(tmp_path / "talk.wav", tone(SECONDS))
    assert set(index(streams(desk, source, "es")).streams) == set(Role) - {Role.VIDEO}


def test_a_picture_that_cannot_be_decoded_is_left_out_and_said(desk, source, monkeypatch):
    def fail(*_: object) -> None:
        raise Permanent("The picture cannot be decoded: check that the recording plays.")

    monkeypatch.setattr(hls.hls, "video", fail)
    made = streams(desk, source, "es")
    assert Role.VIDEO not in index(made).streams
    [warning] = made.warnings
    assert warning.startswith("Streaming goes without the video. The picture cannot be decoded")


def test_equal_packages_are_equal_files(desk, source):
    contents = [
        {one.kind: one.path.read_bytes() for one in streams(desk, source, "es").made}
        for _ in range(2)
    ]
    assert contents[0] == contents[1]
    assert json.loads(contents[0]["hls"])["language"] == "es"
