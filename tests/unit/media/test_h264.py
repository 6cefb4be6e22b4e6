"""A picture that is encoded again is what was seen: interlaced ones become whole."""

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from av.container import InputContainer

from backend.media.container import open_media
from workers.media.burn import burn_captions
from workers.media.h264 import encode_picture

FRAMES = 50


@pytest.fixture(params=["top", "bottom", "progressive"])
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bar that wanders, so that the fields of an interlaced frame are not alike."""
    out = tmp_path / "in.mkv"
    order = {"top": 0, "bottom": 1}.get(request.param)
    move = "color=black:s=320x240:r=50:d=2[b];color=white:s=20x240:r=50:d=2[w];[b][w]overlay=x=n*3"
    fields = "" if order is None else f",interlace=scan={('tff', 'bff')[order]}"
    rate = "" if order is not None else ",fps=25"
    flags = () if order is None else ("-flags", "+ildct+ilme")
    command = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"{move}{fields}{rate}", *flags)
    subprocess.run((*command, "-c:v", "mpeg2video", "-q:v", "2", str(out)), check=True)
    return out


def measure_combing(container: InputContainer) -> float:
    """How much more neighbouring lines differ than those of one field."""
    sums = np.zeros(2)
    for frame in container.decode(video=0):
        luma = frame.to_ndarray(format="gray").astype(np.float64)
        sums += [np.abs(luma[1:] - luma[:-1]).sum(), np.abs(luma[2:] - luma[:-2]).sum() + 1]
    return float(sums[0] / sums[1])


def test_no_frame_is_combed_or_lost(film: Path, tmp_path: Path):
    out = tmp_path / "out.mp4"
    with open_media(film) as source, av.open(out, "w") as target:
        times = list(encode_picture(source, target))
    assert times == pytest.approx([number / 25 for number in range(FRAMES)], abs=0.001)
    with av.open(out) as made:
        assert measure_combing(made) < 2


def test_nor_where_captions_are_drawn(film: Path, tmp_path: Path):
    (tmp_path / "a.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:00.100\nHi\n")
    sounding = tmp_path / "sounding.mkv"
    command = ("ffmpeg", "-v", "error", "-i", str(film), "-f", "lavfi", "-i", "anullsrc=d=2")
    subprocess.run((*command, "-c:v", "copy", str(sounding)), check=True)
    burn_captions(sounding, tmp_path / "a.vtt", tmp_path / "out.mp4", lambda _: None)
    with av.open(tmp_path / "out.mp4") as made:
        assert measure_combing(made) < 2
