"""What is delivered besides the mix, and that the source's streams are made once for all."""

import json
from pathlib import Path

import pytest

from backend.errors import Permanent
from backend.hls.index import Package, Role
from tests.hls_scene import SECONDS, build_mix, film
from tests.media_samples import tone, write
from tests.stage_context import LocalContext
from workers.exports import hls
from workers.exports.dub import Export


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"))


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    return LocalContext(tmp_path)


def index(made: Export) -> Package:
    [path] = [one.path for one in made.files if one.kind == "hls"]
    return Package.model_validate_json(path.read_bytes())


def streams(context: LocalContext, source: Path, language: str) -> Export:
    return hls.write_package(build_mix(context, source, language), context.progress)


def test_a_language_has_its_own_streams_and_shares_the_sources(context, source):
    made = streams(context, source, "es")
    assert [one.kind for one in made.files] == ["hls_dub", "hls_subtitles", "hls"]
    assert [one.kind for one in made.reused] == ["hls_video", "hls_original"]
    found = index(made)
    assert (found.language, found.source_language) == ("es", "en")
    assert set(found.streams) == set(Role)
    for stream in found.streams.values():
        assert stream.duration == pytest.approx(SECONDS, abs=0.001)
    assert not made.warnings
    assert context.told == sorted(context.told)


def fail(*_: object, **_named: object) -> None:
    raise Permanent("The picture cannot be decoded: check that the recording plays.")


def test_another_language_takes_over_what_there_is(context, source, monkeypatch):
    first = streams(context, source, "es")
    monkeypatch.setattr(hls.hls, "write_video", fail)
    second = streams(context, source, "pt-BR")
    assert second.reused == first.reused
    assert index(second).streams[Role.VIDEO].codecs.startswith("avc1.")


def test_a_stream_whose_description_was_lost_is_made_again(context, source):
    first = streams(context, source, "es")
    for one in first.reused:
        [described] = context.store.list_objects(
            f"streams/{one.file.sha256[:2]}/{one.file.sha256}/"
        )
        context.store.delete(described.key)
    assert streams(context, source, "es").reused == first.reused


def test_sound_alone_is_streamed_as_sound(context, tmp_path):
    source = write(tmp_path / "talk.wav", tone(SECONDS))
    assert set(index(streams(context, source, "es")).streams) == set(Role) - {Role.VIDEO}


def test_a_picture_that_cannot_be_decoded_is_left_out_and_said(context, source, monkeypatch):
    monkeypatch.setattr(hls.hls, "write_video", fail)
    made = streams(context, source, "es")
    assert Role.VIDEO not in index(made).streams
    [warning] = made.warnings
    assert warning.startswith("Streaming goes without the video. The picture cannot be decoded")


def test_equal_packages_are_equal_files(context, source):
    contents = [
        {one.kind: one.path.read_bytes() for one in streams(context, source, "es").files}
        for _ in range(2)
    ]
    assert contents[0] == contents[1]
    assert json.loads(contents[0]["hls"])["language"] == "es"
