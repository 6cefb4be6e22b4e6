"""Playlists as text, parsed by a library that players use too."""

import m3u8
import pytest

from backend.hls.index import MediaSegment, Package, Rendition, Role, Stream, list_renditions
from backend.hls.playlist import (
    compute_average_bit_rate,
    compute_peak_bit_rate,
    compute_shared_target,
    compute_target_duration,
    format_master_playlist,
    format_media_playlist,
)


def stream(*segments: tuple[float, int], header: int = 700, **more: object) -> Stream:
    parts = tuple(MediaSegment(duration=duration, size=size) for duration, size in segments)
    return Stream(segments=parts, header=header, **more)


def sound(size: int = 6000, codecs: str = "mp4a.40.2") -> Stream:
    return stream((6.0, size), (6.0, size), codecs=codecs, channels=2)


def package(language: str, **streams: Stream) -> Package:
    given = {"dub": sound(), "subtitles": stream((12.0, 600), header=0)} | streams
    named = {Role(role): found for role, found in given.items()}
    return Package(source="5a", language=language, source_language="en", streams=named)


PICTURE = stream(
    *((4.0, 100_000), (8.0, 50_000)),
    codecs="avc1.64001f",
    width=1280,
    height=720,
    frame_rate=30_000 / 1001,
)


def parse_playlist(found: list[Rendition]) -> m3u8.M3U8:
    urls = [f"http://a/{one.package}/{one.role}" for one in found]
    return m3u8.loads(format_master_playlist(found, urls))


def test_picture_and_original_are_offered_once():
    shared = {"video": PICTURE, "original": sound()}
    found = list_renditions([package("es", **shared), package("pt", **shared)])
    assert [(one.role, one.package, one.language) for one in found] == [
        ("video", "es", "es"),
        ("dub", "es", "es"),
        ("dub", "pt", "pt"),
        ("original", "es", "en"),
        ("subtitles", "es", "es"),
        ("subtitles", "pt", "pt"),
    ]


def test_the_first_dub_is_the_default_and_all_are_named_in_their_own_language():
    playlist = parse_playlist(list_renditions([package("ja"), package("ar"), package("es-419")]))
    dubs = [one for one in playlist.media if one.type == "AUDIO"]
    assert [one.default for one in dubs] == ["YES", "NO", "NO"]
    assert [one.name for one in dubs] == ["日本語", "العربية", "español (Latinoamérica)"]
    assert {one.group_id for one in dubs} == {"audio"}


def test_the_variant_tells_the_most_that_playing_it_can_take():
    two = [
        package("es", video=PICTURE, original=sound(9000, "mp4a.40.5")),
        package("pt", dub=sound(12_000)),
    ]
    told = parse_playlist(list_renditions(two)).playlists[0].stream_info
    assert told.average_bandwidth == 100_000 + 16_000 + 400
    assert told.bandwidth == 200_000 + 16_000 + 400
    assert told.codecs == "avc1.64001f,mp4a.40.2,mp4a.40.5"
    assert (told.resolution, told.frame_rate) == ((1280, 720), 29.97)
    assert (told.audio, told.subtitles) == ("audio", "subtitles")


def test_high_dynamic_range_is_told_and_the_usual_one_is_not():
    bright = PICTURE.model_copy(update={"video_range": "PQ"})
    found = [list_renditions([package("es", video=one)]) for one in (PICTURE, bright)]
    texts = [format_master_playlist(renditions, ["u"] * 3) for renditions in found]
    assert ["VIDEO-RANGE=PQ" in text for text in texts] == [False, True]


def test_segments_are_called_independent_only_where_all_of_them_are():
    leaning = PICTURE.model_copy(update={"independent": False})
    master = parse_playlist(list_renditions([package("es", video=leaning)]))
    assert not master.is_independent_segments
    for one in (PICTURE, leaning):
        text = format_media_playlist(one, "http://a/v.mp4", 8)
        assert m3u8.loads(text).is_independent_segments == one.independent


def test_without_a_picture_the_first_dub_is_the_variant():
    playlist = parse_playlist(list_renditions([package("es"), package("pt")]))
    [variant] = playlist.playlists
    assert variant.uri == "http://a/es/dub" == playlist.media[0].uri
    assert (variant.stream_info.codecs, variant.stream_info.resolution) == ("mp4a.40.2", None)


def test_segments_are_ranges_of_one_file():
    playlist = m3u8.loads(format_media_playlist(PICTURE, "http://a/v.mp4", 8))
    assert (playlist.target_duration, playlist.is_endlist, playlist.version) == (8, True, 7)
    assert playlist.segment_map[0].byterange == "700@0"
    assert [(one.duration, one.byterange, one.uri) for one in playlist.segments] == [
        (4.0, "100000@700", "http://a/v.mp4"),
        (8.0, "50000@100700", "http://a/v.mp4"),
    ]


def test_a_file_without_a_header_is_one_segment():
    playlist = m3u8.loads(
        format_media_playlist(stream((12.0, 600), header=0), "http://a/s.vtt", 12)
    )
    assert [(one.duration, one.byterange) for one in playlist.segments] == [(12.0, None)]
    assert playlist.segment_map == []


@pytest.mark.parametrize(
    ("longest", "target"), [(6.0, 6), (6.49, 6), (6.5, 7), (0.2, 1), (9.999999, 10)]
)
def test_the_target_is_the_longest_segment_rounded(longest, target):
    assert compute_target_duration([stream((longest, 1), (0.1, 1))]) == target


def test_picture_and_sound_agree_on_a_target_that_subtitles_have_no_part_in():
    assert compute_shared_target(list_renditions([package("es", video=PICTURE)])) == 8


def test_the_peak_is_that_of_a_long_enough_run_of_segments():
    one = stream((6.0, 600), (0.1, 1000), (6.0, 600), (6.0, 600))
    assert compute_peak_bit_rate(one, 6) == pytest.approx(8 * 1600 / 6.1)
    assert compute_average_bit_rate(one) == pytest.approx(8 * 2800 / 18.1)


def test_the_peak_of_what_is_shorter_than_half_a_target_is_its_average():
    one = stream((1.0, 100))
    assert compute_peak_bit_rate(one, 6) == compute_average_bit_rate(one) == 800
