"""What is in a file, also when it lies, and what is refused."""

import http.server
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from backend.errors import Permanent
from backend.media.probe import compute_duration, probe_media, require_audio
from backend.media.timeline import Timeline
from tests.media_samples import no_sound, tone, write, write_av


@pytest.mark.parametrize(
    ("suffix", "codec", "rate"),
    [
        ("wav", "pcm_s16le", 44_100),
        ("flac", "flac", 96_000),
        ("mp3", "libmp3lame", 44_100),
        ("m4a", "aac", 44_100),
        ("ogg", "libopus", 48_000),
        ("caf", "pcm_s16le", 8_000),
    ],
)
def test_the_duration_is_that_of_the_samples(tmp_path: Path, suffix, codec, rate):
    sound = tone(2.0, rate)[: -rate // 7]
    options = {"movie_timescale": str(rate)} if suffix == "m4a" else None
    path = write_av(tmp_path / f"sound.{suffix}", sound, codec, rate, options=options)
    found = probe_media(path)
    assert round(found.duration * rate) == len(sound)
    assert found.audio.sample_rate == rate
    assert found.audio.channels == 2
    assert found.video is None


def test_video_lasts_as_long_as_its_picture(tmp_path: Path):
    path = write_av(
        tmp_path / "film.mp4", tone(2.1), "aac", video=2.0, video_codec="libx264", language="deu"
    )
    found = probe_media(path)
    assert found.duration == pytest.approx(2.0, abs=1e-6)
    assert (found.video.width, found.video.height, found.video.fps) == (64, 48, 25.0)
    assert found.video.codec == "h264"
    assert found.audio.language == "deu"


def test_sound_that_goes_on_after_the_picture_is_not_lost(tmp_path: Path):
    path = write_av(tmp_path / "film.mkv", tone(3.0), "pcm_s16le", video=1.0)
    assert probe_media(path).duration == pytest.approx(3.0, abs=0.002)


@pytest.mark.parametrize(
    ("audio", "video", "expected"),
    [(3.0, None, 3.0), (None, 2.0, 2.0), (1.0, 2.0, 2.0), (2.4, 2.0, 2.0), (2.6, 2.0, 2.6)],
)
def test_duration_of_a_recording(audio, video, expected):
    assert compute_duration(audio, video) == pytest.approx(expected)


def test_a_file_cut_short_lasts_as_long_as_what_is_there(tmp_path: Path):
    whole = write(tmp_path / "whole.wav", tone(4.0)).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: 44 + 48_000 * 4])
    assert probe_media(tmp_path / "cut.wav").duration == pytest.approx(1.0, abs=0.03)


def test_an_mp4_cut_short_after_its_index(tmp_path: Path):
    path = write_av(tmp_path / "a.mp4", tone(4.0), "aac", options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert 1.0 < probe_media(path).duration < 3.0


def test_an_album_cover_is_no_video(tmp_path: Path):
    sound = write_av(tmp_path / "plain.m4a", tone(1.0), "aac")
    picture = write_av(
        tmp_path / "cover.mp4", no_sound(), "", video=9, video_codec="mjpeg", pixels="yuvj420p"
    )
    path = tmp_path / "album.m4a"
    with (
        av.open(sound) as song,
        av.open(picture) as cover,
        av.open(path, "w", format="mp4") as both,
    ):
        copies = [
            both.add_stream_from_template(source.streams[0], opaque=True)
            for source in (song, cover)
        ]
        copies[1].disposition = Disposition.attached_pic
        packets = [next(cover.demux()), *song.demux()]
        for packet in packets:
            if packet.size:
                packet.stream = copies[packet is packets[0]]
                both.mux(packet)
    found = probe_media(path)
    assert found.video is None
    assert found.duration == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("name", ["noise.mp3", "noise.wav", "noise.mp4", "noise.aac", "noise.flac"])
def test_random_bytes_are_refused(tmp_path: Path, name):
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(1).bytes(200_000))
    with pytest.raises(Permanent, match=f"{name} .*convert"):
        probe_media(path)


def test_an_empty_file_is_refused(tmp_path: Path):
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(Permanent, match=r"empty\.wav is empty"):
        probe_media(path)


def test_sound_without_any_samples_is_refused(tmp_path: Path):
    path = write(tmp_path / "nothing.wav", no_sound())
    with pytest.raises(Permanent, match=r"nothing\.wav"):
        probe_media(path)


def test_an_mp4_without_its_index_is_refused(tmp_path: Path):
    path = write_av(tmp_path / "film.mp4", tone(1.0), "aac", video=1.0)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(Permanent, match=r"film\.mp4 is incomplete.*moov"):
        probe_media(path)


def test_an_mp4_whose_sound_is_destroyed_is_refused(tmp_path: Path):
    path = write_av(tmp_path / "a.mp4", tone(1.0), "flac", options={"movflags": "+faststart"})
    data = bytearray(path.read_bytes())
    start = data.find(b"mdat") + 4
    data[start:] = np.random.default_rng(1).bytes(len(data) - start)
    path.write_bytes(data)
    with pytest.raises(Permanent, match="nothing that can be played"):
        probe_media(path)


def test_a_video_without_sound_has_none_to_dub(tmp_path: Path):
    found = probe_media(write_av(tmp_path / "mute.mp4", no_sound(), "aac", video=1.0))
    assert found.audio is None
    with pytest.raises(Permanent, match=r"mute\.mp4 has a picture but no sound"):
        require_audio(found, "mute.mp4")


def test_the_message_has_the_users_name_for_the_file(tmp_path: Path):
    (tmp_path / "f3a1").write_bytes(b"x" * 1000)
    name = 'مقابلة "كاملة"/../جزء 1.mp3'
    with pytest.raises(Permanent) as refused:
        probe_media(tmp_path / "f3a1", name)
    assert str(refused.value).startswith(name)


def test_any_file_name_can_be_read(tmp_path: Path):
    found = probe_media(write(tmp_path / "مقابلة \"كاملة\" 'x' %d concat:a|b.wav", tone(1.0)))
    assert found.duration == 1.0


PLAYLISTS = {
    "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{there}\n#EXT-X-ENDLIST\n",
    "a.ffconcat": "ffconcat version 1.0\nfile '{there}'\n",
    "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=audio 5004 RTP/AVP 0\n",
    "a.mpd": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="audio/wav">'
    '<Representation id="1"><BaseURL>{there}</BaseURL></Representation></AdaptationSet></Period>'
    "</MPD>",
    "a.pls": "[playlist]\nFile1={there}\nNumberOfEntries=1\n",
    "a.lavfi": "amovie={there}",
    "a.txt": "{there}",
    "a.jpg": "\xff\xd8\xff\xe0{there}",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_what_points_to_another_file_is_refused(tmp_path: Path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)  # names without a folder are looked up here
    write(tmp_path / "secret.wav", tone(2.0))
    path = tmp_path / name
    path.write_text(PLAYLISTS[name].format(there="secret.wav"))
    with pytest.raises(Permanent, match=name):
        probe_media(path)


@pytest.mark.parametrize("name", ["a.m3u8", "a.ffconcat", "a.mpd"])
def test_what_points_to_an_address_never_calls_it(tmp_path: Path, name):
    calls = []

    class Ears(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Ears) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        path = tmp_path / name
        there = f"http://127.0.0.1:{server.server_port}/secret.wav"
        path.write_text(PLAYLISTS[name].format(there=there))
        with pytest.raises(Permanent, match=r"points to|XML"):
            probe_media(path)
        server.shutdown()
    assert calls == []


def test_a_timeline_starts_at_its_origin():
    line = Timeline(40_000.0)
    assert line.place(40_000.5, 1.0) == pytest.approx(0.5)
    assert line.end == pytest.approx(1.5)


def test_a_timeline_takes_what_has_no_stamp_for_the_next():
    line = Timeline(0.0)
    line.place(1.0, 1.0)
    assert line.place(None, 1.0) == pytest.approx(2.0)


@pytest.mark.parametrize("leap", [-50.0, 90_000.0])
def test_a_timeline_goes_on_when_the_clock_leaps(leap):
    line = Timeline(0.0)
    line.place(0.0, 60.0)
    assert line.place(60.0 + leap, 1.0) == pytest.approx(60.0)
    assert line.place(61.0 + leap, 1.0) == pytest.approx(61.0)


def test_a_timeline_begins_as_long_before_zero_as_an_edit_list_says():
    line = Timeline(0.0)
    assert [line.place(time, 0.04) for time in (-11.0, -10.96, 0.0)] == [-11.0, -10.96, 0.0]


def test_a_timeline_goes_on_when_its_first_stamp_was_wrong():
    line = Timeline(0.0)
    assert [line.place(time, 0.0) for time in (5000.0, 0.0, 0.04)] == [0.0, 0.0, 0.04]
