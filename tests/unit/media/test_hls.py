"""Streams of an HLS package: what is copied, what is encoded, and that nothing moves in time."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from backend.hls.index import Stream
from tests.media_samples import FPS, Samples, no_sound, rms, tone, trim_file, write, write_av
from tests.mix_scene import decode_sound
from workers.media import hls

RATE = 48_000
FRAGMENTS = "frag_keyframe+delay_moov"


def untold(_seconds: float) -> None:
    pass


def film(path: Path, codec: str = "libx264", seconds: float = 4.0, **options: str) -> Path:
    return write_av(path, no_sound(), "", video=seconds, video_codec=codec, video_options=options)


def packets(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def keyframes(path: Path) -> list[float]:
    with av.open(path) as container:
        return [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe]


def times(path: Path) -> list[float]:
    with av.open(path) as container:
        return [frame.time for frame in container.decode(video=0)]


def stamps(path: Path) -> list[int]:
    """When the packets are shown, hidden ones too, in order."""
    with av.open(path) as container:
        return sorted(p.pts for p in container.demux(video=0) if p.size)


def brightness(path: Path) -> list[float]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]


def covers(found: Stream, path: Path) -> bool:
    return found.header + sum(one.size for one in found.segments) == path.stat().st_size


def test_h264_is_copied_and_cut_at_its_keyframes(tmp_path):
    source, out = (
        film(tmp_path / "a.mp4", seconds=12.0, g="50", sc_threshold="0"),
        tmp_path / "out.mp4",
    )
    found = hls.write_video(source, out, untold)
    assert packets(out) == packets(source)
    assert [one.duration for one in found.segments] == [4.0, 4.0, 4.0]
    assert covers(found, out)
    assert (found.codecs, found.width, found.height, found.frame_rate) == (
        *("avc1.64000a", 64, 48),
        25.0,
    )
    assert times(out) == pytest.approx([number / FPS for number in range(12 * FPS)])


def test_each_segment_can_be_decoded_with_nothing_but_the_header(tmp_path):
    source, out = (
        film(tmp_path / "a.mp4", seconds=12.0, g="50", sc_threshold="0"),
        tmp_path / "out.mp4",
    )
    found = hls.write_video(source, out, untold)
    content, at = out.read_bytes(), found.header
    for one in found.segments:
        alone = tmp_path / "alone.mp4"
        alone.write_bytes(content[: found.header] + content[at : at + one.size])
        assert len(times(alone)) == round(one.duration * FPS)
        at += one.size


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"g": "1000", "sc_threshold": "0"}),
        ("libx264", {"x264-params": "open-gop=1:keyint=50:min-keyint=50:scenecut=0"}),
        ("libx264", {"x264-params": "intra-refresh=1:keyint=50"}),
        ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "g": "1000"}),
        ("libx265", {"x265-params": "keyint=-1:log-level=0"}),
        ("mpeg4", {}),
    ],
)
def test_a_picture_that_cannot_be_cut_is_encoded_with_a_keyframe_each_six_seconds(
    tmp_path, codec, options
):
    source = film(tmp_path / "a.mkv", codec, 14.0, **options)
    out = tmp_path / "out.mp4"
    found = hls.write_video(source, out, untold)
    assert packets(out) != packets(source)
    assert {0.0, 6.0, 12.0} <= set(keyframes(out))
    assert sum(one.duration for one in found.segments) == pytest.approx(14.0, abs=1 / FPS)
    assert times(out) == pytest.approx([number / FPS for number in range(14 * FPS)], abs=0.001)


X265 = {"x265-params": "keyint=50:min-keyint=50:scenecut=0:open-gop=0:log-level=0"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "50"}
AV1 = {"preset": "11", "g": "50"}
BRIGHT = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "options"),
    [
        ("a.mp4", "libx265", "yuv420p", X265),
        ("a.mkv", "libx265", "yuv420p10le", {"x265-params": f"{X265['x265-params']}:{BRIGHT}"}),
        ("a.ts", "libx265", "yuv420p", X265),
        ("a.webm", "libvpx-vp9", "yuv420p", VP9),
        ("a.mp4", "libvpx-vp9", "yuv420p", VP9),
        ("a.webm", "libsvtav1", "yuv420p", AV1),
        ("a.mp4", "libsvtav1", "yuv420p10le", AV1),
    ],
)
def test_what_players_know_is_copied_and_named_as_it_is(tmp_path, name, codec, pixels, options):
    source, out = (
        write_av(
            *(tmp_path / name, no_sound(), ""),
            video=6.0,
            video_codec=codec,
            video_options=options,
            pixels=pixels,
        ),
        tmp_path / "out.mp4",
    )
    found = hls.write_video(source, out, untold)
    assert len(packets(out)) == len(packets(source)) == 6 * FPS
    assert covers(found, out)
    assert sum(one.duration for one in found.segments) == pytest.approx(6.0, abs=1 / FPS)
    assert times(out) == pytest.approx([number / FPS for number in range(6 * FPS)], abs=0.002)
    assert found.independent
    shown = probe(out)
    assert shown["codec_tag_string"] == found.codecs.partition(".")[0]
    assert found.codecs.startswith(build_codec_string(shown))
    assert found.video_range == ("PQ" if BRIGHT in options.get("x265-params", "") else None)


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe tells of the picture."""
    told = ("ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path))
    done = subprocess.run(told, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["streams"][0]


def build_codec_string(shown: dict[str, Any]) -> str:
    """As far as ffprobe tells what is in it."""
    depth, level = 10 if shown["pix_fmt"].endswith("10le") else 8, shown["level"]
    match shown["codec_name"]:
        case "hevc":
            profile, flags = {"Main": (1, 6), "Main 10": (2, 4)}[shown["profile"]]
            return f"hvc1.{profile}.{flags}.L{level}."
        case "vp9":
            return f"vp09.{shown['profile'].split()[-1]:0>2}."
        case "av1":
            return f"av01.0.{level:02}M.{depth:02}"
    raise AssertionError(shown["codec_name"])


def test_open_groups_of_hevc_are_copied_and_said(tmp_path):
    """x265 makes them unless told not to; players leave out what they cannot decode at a start."""
    options = {"x265-params": "keyint=100:min-keyint=100:scenecut=0:bframes=4:log-level=0"}
    source, out = film(tmp_path / "a.mkv", "libx265", 12.0, **options), tmp_path / "out.mp4"
    found = hls.write_video(source, out, untold)
    assert len(packets(out)) == len(packets(source))
    assert len(found.segments) == 3
    assert not found.independent
    assert times(out) == pytest.approx([number / FPS for number in range(12 * FPS)], abs=0.001)


def test_vp9_of_ten_bits_is_copied(tmp_path):
    made = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=2")
    coded = ("-pix_fmt", "yuv420p10le", "-c:v", "libvpx-vp9", "-deadline", "realtime")
    subprocess.run((*made, *coded, str(tmp_path / "a.webm")), check=True)
    found = hls.write_video(tmp_path / "a.webm", tmp_path / "out.mp4", untold)
    assert found.codecs.startswith("vp09.02.10.10.01.")


def test_a_picture_is_encoded_where_every_player_is_to_take_it(tmp_path):
    for codec, options in (("libvpx-vp9", VP9), ("libx265", X265)):
        source, out = film(tmp_path / "a.mkv", codec, 2.0, **options), tmp_path / "out.mp4"
        assert hls.write_video(source, out, untold, hls.H264).codecs.startswith("avc1.64")


def test_hevc_that_brings_its_parameters_only_within_the_stream_is_encoded(tmp_path):
    """Turns red where such a file is called hvc1, whose header must hold them."""
    options = {"x265-params": f"{X265['x265-params']}:repeat-headers=1"}
    source, out = film(tmp_path / "a.mp4", "libx265", 2.0, **options), tmp_path / "out.mp4"
    content = source.read_bytes()
    [at] = [found.start() for found in re.finditer(b"hvcC", content)]
    emptied = bytearray(content)
    emptied[at + 4 + 22] = 0  # numOfArrays
    source.write_bytes(emptied)
    assert hls.write_video(source, out, untold).codecs.startswith("avc1.64")


def test_pixels_that_browsers_do_not_decode_are_encoded(tmp_path):
    source = write_av(
        tmp_path / "a.mp4", no_sound(), "", video=1.0, video_codec="libx264", pixels="yuv444p"
    )
    found = hls.write_video(source, tmp_path / "out.mp4", untold)
    assert found.codecs.startswith("avc1.64")


def test_a_picture_that_begins_late_is_shown_from_the_start(tmp_path):
    early, late = film(tmp_path / "a.mp4"), tmp_path / "late.mp4"
    with av.open(early) as source, av.open(late, "w") as target:
        sound = target.add_stream("aac", RATE, layout="stereo")
        stream = target.add_stream_from_template(source.streams.video[0])
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        frame.sample_rate = RATE
        target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts, packet.dts = packet.pts + 6400, packet.dts + 6400
                packet.stream = stream
                target.mux(packet)
    out = tmp_path / "out.mp4"
    found = hls.write_video(late, out, untold)
    shown = times(out)
    assert (shown[0], shown[1]) == (0.0, pytest.approx(0.5 + 1 / FPS))
    assert sum(one.duration for one in found.segments) == pytest.approx(4.5)


@pytest.mark.parametrize("flags", ["faststart", FRAGMENTS])
@pytest.mark.parametrize("seconds", [1.0, 3.32, 11.32])
def test_what_an_edit_list_hides_is_not_in_the_picture(tmp_path, seconds, flags):
    whole = film(tmp_path / "a.mp4", seconds=14.0, g="250", sc_threshold="0")
    source = trim_file(whole, tmp_path / "trimmed.mp4", seconds, movflags=flags)
    out, left = tmp_path / "out.mp4", round((14.0 - seconds) * FPS)
    found = hls.write_video(source, out, untold)
    assert stamps(out)[0] == 0
    assert times(out) == pytest.approx([number / FPS for number in range(left)], abs=0.001)
    assert found.duration == pytest.approx(left / FPS, abs=0.001)
    assert brightness(out) == pytest.approx(brightness(whole)[-left:], abs=4)


def test_a_single_picture_that_is_hidden_is_not_shown_with_the_next(tmp_path):
    whole = film(tmp_path / "a.mp4", g="1")
    source = trim_file(whole, tmp_path / "trimmed.mp4", 1 / FPS, movflags=FRAGMENTS)
    out = tmp_path / "out.mp4"
    hls.write_video(source, out, untold)
    assert times(out) == pytest.approx([n / FPS for n in range(round(4 * FPS) - 1)], abs=0.001)


@pytest.mark.parametrize("seconds", [0.02, -0.02])
def test_a_clock_that_is_off_by_less_than_a_picture_is_put_right(tmp_path, seconds):
    source = trim_file(film(tmp_path / "a.mp4"), tmp_path / "b.mp4", seconds, movflags=FRAGMENTS)
    out = tmp_path / "out.mp4"
    hls.write_video(source, out, untold)
    assert stamps(out)[0] == 0
    assert packets(out) == packets(source)


def test_a_camera_that_was_turned_gives_an_upright_picture(tmp_path):
    source = film(tmp_path / "a.mp4", "mpeg4")
    content = source.read_bytes()
    upright = bytes.fromhex("00010000" + "00000000" * 3 + "00010000" + "00000000" * 3 + "40000000")
    turned = bytes.fromhex(
        "00000000" + "00010000" + "00000000" + "ffff0000" + "00000000" * 4 + "40000000"
    )
    movie, _, track = content.partition(b"tkhd")
    source.write_bytes(movie + b"tkhd" + track.replace(upright, turned, 1))
    found = hls.write_video(source, tmp_path / "out.mp4", untold)
    assert (found.width, found.height) == (48, 64)


def test_aac_is_copied_with_its_priming_left_out(tmp_path):
    source = write_av(tmp_path / "a.m4a", tone(13.0), "aac", frame_size=1024)
    out = tmp_path / "out.mp4"
    found = hls.write_audio(source, out, untold)
    assert (found.codecs, found.channels) == ("mp4a.40.2", 2)
    assert covers(found, out)
    assert len(found.segments) == 3
    assert found.duration == pytest.approx(13.0)
    assert (decode_sound(out) == decode_sound(source)).all()


@pytest.mark.parametrize(
    ("name", "codec", "pieces"),
    [
        ("a.mp4", "aac", ((0.5, 0, 3 * RATE),)),
        ("a.mkv", "aac", ((0.0, 0, RATE), (2.5, RATE, 3 * RATE))),
        ("a.ts", "aac", ((0.0, 0, 3 * RATE),)),
        ("a.mkv", "pcm_s16le", ((0.0, 0, 3 * RATE),)),
    ],
)
def test_other_sound_is_encoded_where_it_was(tmp_path, name, codec, pieces):
    sound = tone(3.0)
    sound[RATE : RATE + 4800] = 0
    source = write_av(tmp_path / name, sound, codec, pieces=pieces, frame_size=1024)
    out = tmp_path / "out.mp4"
    found = hls.write_audio(source, out, untold)
    assert found.codecs == "mp4a.40.2"
    expected = decode_sound(source)
    assert error(decode_sound(out)[: len(expected)], expected) < -30


def error(sound: Samples, expected: Samples) -> float:
    """dBFS."""
    length = min(len(sound), len(expected))
    return rms(sound[:length] - expected[:length])


def test_subtitles_tell_the_medias_clock(tmp_path):
    vtt, out = tmp_path / "a.vtt", tmp_path / "out.vtt"
    vtt.write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nÄ\n", encoding="utf-8")
    found = hls.write_subtitles(vtt, out, 4.0)
    head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
    assert out.read_text(encoding="utf-8") == head + "00:00.000 --> 00:01.000\nÄ\n"
    assert [(one.duration, one.size) for one in found.segments] == [(4.0, out.stat().st_size)]


def test_progress_is_told_in_seconds(tmp_path):
    told: list[float] = []
    hls.write_video(film(tmp_path / "a.mp4"), tmp_path / "a.out.mp4", told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(4.0, abs=0.2)
    told.clear()
    hls.write_audio(write(tmp_path / "a.wav", tone(2.0)), tmp_path / "b.out.mp4", told.append)
    assert told == [1.0, 2.0]
