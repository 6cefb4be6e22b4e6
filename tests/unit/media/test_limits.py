"""What a recording may demand, whatever it says about itself."""

import struct
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from backend.errors import Cancelled, LimitExceeded, Permanent
from backend.media import container
from backend.media.container import find_video_stream, open_media
from backend.media.limits import MediaLimits
from backend.media.probe import probe_media
from backend.process.interrupt import interruptible
from tests.media_samples import tone, write, write_av
from workers.media.decode import decode_blocks, decode_speech
from workers.media.h264 import AHEAD, count_frames

LIMITS = MediaLimits(duration=60.0, pixels=64 * 48, rate=4000, streams=2)


def write_wav(path: Path, rate: int, samples: int) -> Path:
    """8 bit, one channel, of any rate that a header can tell."""
    head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + samples, b"WAVEfmt ", 16, 1, 1, rate, rate,
                       1, 8, b"data", samples)  # fmt: skip
    path.write_bytes(head + b"\x80" * samples)
    return path


def test_what_is_within_the_limits_is_taken(tmp_path):
    film = write_av(tmp_path / "talk.mp4", tone(1.0), "aac", video=1.0)
    assert probe_media(film, limits=LIMITS).video.width == 64


@pytest.mark.parametrize(
    ("changed", "name", "allowed", "found"),
    [
        ({"duration": 0.5}, "MAX_DURATION_S", 0.5, 1.0),
        ({"pixels": 3071}, "MAX_PIXELS", 3071, 3072),
        ({"rate": 48_001}, "MIN_SAMPLE_RATE", 48_001, 48_000),
        ({"streams": 1}, "MAX_STREAMS", 1, 2),
    ],
)
def test_what_is_beyond_a_limit_is_told_with_it(tmp_path, changed, name, allowed, found):
    film = write_av(tmp_path / "in.mp4", tone(1.0), "aac", video=1.0)
    with pytest.raises(LimitExceeded, match=r"talk\.mp4.*" + f"{name} is {allowed}") as raised:
        probe_media(film, "talk.mp4", limits=LIMITS._replace(**changed))
    assert (raised.value.limit, raised.value.allowed) == (name, allowed)
    assert raised.value.found == pytest.approx(found, abs=0.1)


def test_few_samples_are_not_taken_for_days(tmp_path):
    slow = write_wav(tmp_path / "slow.wav", 1, 200_000)
    with pytest.raises(LimitExceeded, match="1 samples of sound a second, and needs 4000"):
        probe_media(slow, limits=LIMITS._replace(duration=1e9))


def test_a_rate_that_no_sound_has_is_not_resampled(tmp_path):
    fast = write_wav(tmp_path / "fast.wav", 2_000_000_000, 200_000)
    with pytest.raises(Permanent):
        probe_media(fast, limits=LIMITS)
    with pytest.raises(Permanent):
        next(decode_blocks(fast, 48_000, 2))


def test_a_rate_that_a_frame_says_is_not_believed(tmp_path):
    """Who decodes what was not probed gets no days of silence out of one frame either."""
    slow = write_wav(tmp_path / "slow.wav", 999, 20_000)
    with pytest.raises(Permanent, match="cannot be decoded"):
        next(decode_blocks(slow, 48_000, 2))


def write_attachments(path: Path, count: int, size: int) -> Path:
    def element(name: str, data: bytes) -> bytes:
        return bytes.fromhex(name) + (1 << 56 | len(data)).to_bytes(8, "big") + data

    file = element("466E", b"a.ttf") + element("4660", b"font/ttf") + element("46AE", b"\1")
    files = element("1941A469", element("61A7", file + element("465C", b"\0" * size)) * count)
    head = element("1A45DFA3", element("4282", b"matroska") + element("4285", b"\2"))
    path.write_bytes(head + element("18538067", files))
    return path


def test_attachments_do_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "MOST_HEADER_BYTES", 1 << 20)
    path = write_attachments(tmp_path / "in.mkv", 8, 1 << 18)
    with pytest.raises(Permanent, match=r"talk\.mkv has more than 1 MB of tags"):
        probe_media(path, "talk.mkv")


def test_a_picture_larger_than_its_film_says_is_left_out(tmp_path):
    path = tmp_path / "film.mov"
    with av.open(path, "w") as target:
        stream = target.add_stream("png", 25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"
        large = av.CodecContext.create("png", "w")
        large.width, large.height, large.pix_fmt, large.time_base = 2600, 2600, "rgb24", 1
        for number, (encoder, width, height) in enumerate(
            ((stream.codec_context, 64, 48), (large, 2600, 2600), (stream.codec_context, 64, 48))
        ):
            frame = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), "rgb24")
            for packet in encoder.encode(frame):
                packet.stream, packet.pts, packet.dts = stream, number, number
                packet.time_base = stream.time_base or 1
                target.mux(packet)
    with open_media(path) as opened:
        stream, shown = find_video_stream(opened), []
        for packet in opened.demux(stream):
            try:
                shown += [(frame.width, frame.height) for frame in packet.decode()]
            except av.FFmpegError:
                continue
    assert set(shown) == {(64, 48)}


@pytest.mark.parametrize("pixels", [64 * 48, 1920 * 1080, 3840 * 2160, 8192 * 4320])
def test_the_frames_that_are_held_fit_into_memory(pixels):
    held = count_frames(pixels)
    assert held.threads >= 1
    assert 0 <= held.ahead <= AHEAD
    assert (held.threads - 1 + held.ahead) * pixels * 1.5 <= 1 << 29
    if pixels <= 1920 * 1080:
        assert held.ahead == AHEAD


def stop() -> None:
    raise Cancelled("stop")


def test_whatever_reads_a_recording_can_be_stopped(tmp_path):
    talk = write(tmp_path / "talk.wav", tone(1.0))
    with pytest.raises(Cancelled), interruptible(stop):
        probe_media(talk)
    probe_media(talk)


@pytest.mark.parametrize(
    "decode",
    [lambda p: decode_blocks(p, 8000, 1), lambda p: decode_speech(p, 8000, {"mono": (1.0,)})],
)
def test_decoding_can_be_stopped_where_nothing_is_read_any_more(tmp_path, decode):
    """An hour of silence in FLAC is read at once, and decoded for long."""
    talk = write(tmp_path / "talk.flac", tone(60.0, hertz=0.0), 8000)
    left = iter(range(40))

    def check() -> None:
        next(left, None) is None and stop()

    with pytest.raises(Cancelled), interruptible(check):
        list(islice(decode(talk), 1000))
