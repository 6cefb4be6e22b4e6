"""What a picture looks like beside its pixels: turned, stretched, odd, of full range, uneven."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from backend.media.container import find_video_stream, open_media
from workers.media.h264 import encode_picture
from workers.media.packets import add_copy, copy_packets


def make_film(path: Path, *options: str, source: str = "testsrc=s=64x48:r=25:d=1") -> Path:
    command = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", source)
    subprocess.run((*command, *options, str(path)), check=True)
    return path


def encode(film: Path) -> Path:
    out = film.with_name("out.mp4")
    with open_media(film) as source, av.open(out, "w") as target:
        list(encode_picture(source, target))
    return out


def copy(film: Path, suffix: str) -> Path:
    out = film.with_name(f"copy.{suffix}")
    with open_media(film) as source, av.open(out, "w") as target:
        stream = find_video_stream(source)
        made = add_copy(target, stream, Disposition.default)
        for _, packet in copy_packets(source, stream, made):
            target.mux(packet)
    return out


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    """A camera held upright whose pixels are wider than high."""
    flat = make_film(tmp_path / "flat.mp4", "-vf", "setsar=4/3", "-c:v", "libx264")
    command = ("ffmpeg", "-v", "error", "-i", str(flat), "-c", "copy", "-metadata:s:v", "rotate=90")
    subprocess.run((*command, str(tmp_path / "in.mp4")), check=True)
    return tmp_path / "in.mp4"


def test_what_was_turned_is_upright_with_its_pixels_turned_too(turned):
    with av.open(encode(turned)) as made:
        shown = made.streams.video[0]
        assert (shown.width, shown.height) == (48, 64)
        assert shown.sample_aspect_ratio == Fraction(3, 4)
        assert next(made.decode(video=0)).rotation == 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_copy_says_how_it_is_turned_and_stretched(turned, suffix):
    with av.open(turned) as before, av.open(copy(turned, suffix)) as after:
        assert after.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        frames = [next(one.decode(video=0)).rotation for one in (before, after)]
    assert frames[0] == frames[1] != 0


def test_odd_sizes_lose_one_line_and_no_more(tmp_path):
    odd = make_film(
        tmp_path / "in.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv444p", source="testsrc=s=65x49:d=0.2"
    )
    with av.open(encode(odd)) as made:
        assert (made.streams.video[0].width, made.streams.video[0].height) == (64, 48)


def test_full_range_is_as_bright_as_it_was(tmp_path):
    full = make_film(tmp_path / "in.mp4", "-c:v", "libx264", "-pix_fmt", "yuvj420p")
    means = []
    for path in (full, encode(full)):
        with av.open(path) as container:
            frame = next(container.decode(video=0))
            means.append(frame.to_ndarray(format="rgb24").reshape(-1, 3).mean(axis=0))
    assert np.abs(means[0] - means[1]).max() < 3


def test_frames_of_a_variable_rate_stay_when_they_were(tmp_path):
    uneven = make_film(
        tmp_path / "in.mp4",
        *("-vf", "select='lt(n,10)+not(mod(n,4))'", "-vsync", "vfr", "-c:v", "libx264"),
    )
    times = []
    for path in (uneven, encode(uneven)):
        with av.open(path) as container:
            times.append([frame.time for frame in container.decode(video=0)])
    assert times[1] == pytest.approx(times[0], abs=0.001)
