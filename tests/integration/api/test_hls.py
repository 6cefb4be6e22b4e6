"""Dubs as HLS streams, through the API as a player meets it."""

from collections.abc import Iterator
from datetime import timedelta

import av
import httpx
import m3u8
import numpy as np
import pytest

from backend.database import schema
from backend.wiring import Parts
from tests import factories, hls_scene
from tests.api_server import serve_api
from tests.browser import player
from tests.hls_scene import HERTZ, RATE, SECONDS
from tests.media_samples import tone
from tests.servers import free_port

LANGUAGES = ("es", "pt-BR")


@pytest.fixture(scope="module", params=["local", "minio"])
def parts(request, tmp_path_factory) -> Iterator[Parts]:
    """Served at a port of this machine."""
    more = {}
    if request.param == "minio":
        more = request.getfixturevalue("s3_settings") | {"storage_backend": "minio"}
    home = tmp_path_factory.mktemp("home")
    parts = Parts(factories.stub_settings(home, api_port=free_port(), **more))
    schema.migrate(parts.db)
    with serve_api(parts):
        yield parts
    parts.db.engine.dispose()


@pytest.fixture(scope="module")
def film(parts: Parts) -> str:
    """The URL of a film in two languages, made once for all tests."""
    folder = parts.settings.dubline_home
    job_id = hls_scene.create_streamable(parts, hls_scene.film(folder), *LANGUAGES)
    return f"{parts.settings.api_url}/v1/jobs/{job_id}/hls/master.m3u8"


@pytest.fixture
def master(film: str) -> m3u8.M3U8:
    answer = httpx.get(film, follow_redirects=True)
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    return m3u8.loads(answer.text, uri=str(answer.url))


def media(master: m3u8.M3U8, url: str) -> m3u8.M3U8:
    return m3u8.loads(httpx.get(url).raise_for_status().text, uri=url)


def play_sound(playlist_url: str) -> np.ndarray:
    """What a player makes of a media playlist, from zero on; shape (n,)."""
    with av.open(playlist_url) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].pts == 0
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def test_the_master_playlist_tells_players_all_they_ask(master):
    [variant] = master.playlists
    told = variant.stream_info
    assert told.codecs == "avc1.64000a,mp4a.40.2"
    assert (told.resolution, told.frame_rate) == ((64, 48), 25.0)
    assert told.bandwidth >= told.average_bandwidth > 128_000
    assert master.is_independent_segments
    offered = [
        (one.type, one.language, one.name, one.default, one.autoselect) for one in master.media
    ]
    assert offered == [
        ("AUDIO", "es", "español", "YES", "YES"),
        ("AUDIO", "pt-BR", "português (Brasil)", "NO", "YES"),
        ("AUDIO", "en", "English", "NO", "YES"),
        ("SUBTITLES", "es", "español", "NO", "YES"),
        ("SUBTITLES", "pt-BR", "português (Brasil)", "NO", "YES"),
    ]


def test_media_playlists_are_those_of_the_file(master):
    urls = [master.playlists[0].uri, *(one.uri for one in master.media if one.type == "AUDIO")]
    targets = set()
    for url in urls:
        found = media(master, url)
        assert found.is_endlist
        assert sum(segment.duration for segment in found.segments) == pytest.approx(SECONDS)
        assert max(segment.duration for segment in found.segments) <= found.target_duration + 0.5
        targets.add(found.target_duration)
        length, start = map(int, found.segment_map[0].byterange.split("@"))
        at = start + length
        for segment in found.segments:
            length, start = map(int, segment.byterange.split("@"))
            assert start == at
            at += length
            part = httpx.get(segment.uri, headers={"Range": f"bytes={start}-{at - 1}"})
            assert part.status_code == 206
            assert (len(part.content), part.content[4:8]) == (length, b"sidx")
    assert len(targets) == 1


def test_every_rendition_sounds_and_is_to_the_sample_where_it_was(master):
    for one in master.media:
        if one.type == "AUDIO":
            sound, expected = play_sound(one.uri), tone(SECONDS, hertz=HERTZ[one.language])[:, 0]
            error = sound[: len(expected)] - expected
            assert np.sqrt(np.mean(error[RATE:-RATE] ** 2)) < 0.01


def test_the_picture_plays_from_zero(master):
    with av.open(master.playlists[0].uri) as container:
        frames = [frame.time for frame in container.decode(video=0)]
    assert frames == pytest.approx([number / 25 for number in range(round(SECONDS * 25))])


def test_subtitles_are_on_the_medias_clock(master):
    [url] = [one.uri for one in master.media if one.type == "SUBTITLES" and one.language == "es"]
    [segment] = media(master, url).segments
    head, stamp, *rest = httpx.get(segment.uri).text.splitlines()
    assert (head, stamp) == ("WEBVTT", "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000")
    assert rest[1:3] == ["00:00:00.000 --> 00:00:01.000", "es &lt;0&gt; &amp; co"]
    assert segment.duration == SECONDS


def test_hls_js_plays_in_a_browser_and_switches_sound_and_subtitles(film, tmp_path):
    # A page of another origin is given the signed URL: it may ask the API for nothing else.
    signed = httpx.get(film).headers["location"]
    with player(tmp_path) as page:
        page.evaluate("url => load(url)", signed)
        page.evaluate("video.play()")
        page.wait_for_function("video.currentTime > 1")
        for language in ("pt-BR", "en", "es"):
            page.evaluate("it => hls.audioTrack = choose(hls.audioTracks, it)", language)
            page.wait_for_function("hz => Math.abs(hertz() - hz) < 20", arg=HERTZ[language])
        for language in LANGUAGES:
            page.evaluate("it => hls.subtitleTrack = choose(hls.subtitleTracks, it)", language)
            page.wait_for_function("it => caption().startsWith(it)", arg=f"{language} ")
        page.evaluate("video.currentTime = 18.5")
        page.wait_for_function("video.currentTime > 19 && caption().startsWith('pt-BR &lt;1')")
        assert page.evaluate("[video.videoWidth, video.duration]") == [64, SECONDS]
        assert page.evaluate("errors") == []


@pytest.mark.parametrize(
    ("codec", "options", "told"),
    [
        ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}, "vp09.00.10.08."),
        ("libsvtav1", {"preset": "11"}, "av01.0.00M.08"),
    ],
)
def test_hls_js_plays_a_picture_that_was_copied(parts, tmp_path, codec, options, told):
    source = hls_scene.film(parts.settings.dubline_home, SECONDS, codec, **options)
    job_id = hls_scene.create_streamable(parts, source, "es")
    url = f"{parts.settings.api_url}/v1/jobs/{job_id}/hls/master.m3u8"
    found = httpx.get(url, follow_redirects=True)
    assert m3u8.loads(found.text).playlists[0].stream_info.codecs.startswith(told)
    with player(tmp_path) as page:
        page.evaluate("url => load(url)", str(found.url))
        page.evaluate("video.play()")
        page.wait_for_function("video.currentTime > 1")
        page.evaluate("video.currentTime = 13.2")
        page.wait_for_function("video.currentTime > 14")
        page.evaluate("video.currentTime = 21.2")
        page.wait_for_function("video.currentTime > 22")
        width, duration, quality = page.evaluate(
            "[video.videoWidth, video.duration, video.getVideoPlaybackQuality().totalVideoFrames]"
        )
        assert (width, duration) == (64, pytest.approx(SECONDS, abs=0.05))
        assert quality > 25
        assert page.evaluate("errors") == []


def test_only_languages_with_one_picture_are_streamed_together(parts):
    folder = parts.settings.dubline_home
    pictures = {"fr": hls_scene.film(folder, SECONDS + 2)}
    job_id = hls_scene.create_streamable(
        *(parts, hls_scene.film(folder), *LANGUAGES, "fr"), held=pictures
    )
    offered = {}
    for query in ("", "?language=pt-BR", "?language=fr"):
        url = f"{parts.settings.api_url}/v1/jobs/{job_id}/hls/master.m3u8{query}"
        answer = httpx.get(url, follow_redirects=True)
        found = m3u8.loads(answer.text, uri=str(answer.url))
        picture = media(found, found.playlists[0].uri)
        length = sum(segment.duration for segment in picture.segments)
        dubs = [one.language for one in found.media if one.type == "AUDIO"][:-1]
        offered[query] = (dubs, pytest.approx(length))
    assert offered == {
        "": (["es", "pt-BR"], SECONDS),
        "?language=pt-BR": (["pt-BR", "es"], SECONDS),
        "?language=fr": (["fr"], SECONDS + 2),
    }
    refused = httpx.get(f"{parts.settings.api_url}/v1/jobs/{job_id}/hls/master.m3u8?language=it")
    assert refused.status_code == 404
    assert "but in es, pt-BR, fr" in refused.json()["detail"]


def test_urls_live_until_the_film_is_over(master, parts):
    url = next(one.uri for one in master.media if one.type == "AUDIO")
    token = url.split("/")[-2]
    assert parts.playlist_links.verify_claims(token)["ttl"] == pytest.approx(900 + SECONDS)


def test_a_job_with_nothing_finished_says_so(parts):
    job_id, _run_id = factories.create_dub(parts.db)
    answer = httpx.get(f"{parts.settings.api_url}/v1/jobs/{job_id}/hls/master.m3u8")
    assert answer.status_code == 404
    assert "wait until a language is complete" in answer.json()["detail"]


def test_a_forged_playlist_is_refused(parts):
    answer = httpx.get(f"{parts.settings.api_url}/v1/playlists/forged/master.m3u8")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:dubline:problem:not-found")


def test_a_language_that_is_gone_is_said(master, parts):
    url = next(one.uri for one in master.media if one.type == "AUDIO")
    claims = parts.playlist_links.verify_claims(url.split("/")[-2])
    token = parts.playlist_links.sign_claims({**claims, "language": "fr"}, timedelta(hours=1))
    answer = httpx.get(f"{parts.settings.api_url}/v1/playlists/{token}/fr.m3u8")
    assert answer.status_code == 404
