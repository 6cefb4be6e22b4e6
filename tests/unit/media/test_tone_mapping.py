"""Pictures of high dynamic range: as they are where they are copied, plain where encoded."""

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from backend.media.container import find_video_stream, open_media
from workers.media.burn import burn_captions
from workers.media.h264 import encode_picture
from workers.media.packets import add_copy, copy_packets
from workers.media.tone_mapping import HLG, PQ, map_colours

BT2020, BT709 = 9, 1
TRANSFERS = {"smpte2084": PQ, "arib-std-b67": HLG}
# Code values of 0, reference white (203 cd/m2) and 1000 cd/m2 (BT.2408-4, table 1; HLG's peak).
WHITES = {PQ: (0.0, 0.58, 0.752), HLG: (0.0, 0.75, 1.0)}


@pytest.fixture(params=TRANSFERS)
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Grey that gets brighter from left to right, in ten bits."""
    path = tmp_path / "in.mp4"
    ramp = "geq=lum='64+876*X/W':cb=512:cr=512"
    picture = f"color=s=160x90:r=25:d=0.4,format=yuv420p10le,{ramp}"
    colours = f"colorprim=bt2020:transfer={request.param}:colormatrix=bt2020nc:log-level=error"
    tags = ("-color_primaries", "bt2020", "-color_trc", request.param, "-colorspace", "bt2020nc")
    command = (
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        picture,
        "-f",
        "lavfi",
        "-i",
        "sine=d=0.4",
    )
    codec = ("-c:v", "libx265", "-x265-params", colours, *tags, "-tag:v", "hvc1")
    subprocess.run((*command, *codec, str(path)), check=True)
    return path


def read_tags(path: Path) -> tuple[int, int, int, int]:
    with av.open(path) as container:
        told = container.streams.video[0].codec_context
        return told.color_primaries, told.color_trc, told.colorspace, told.color_range


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_copy_says_what_it_is(film, tmp_path, suffix):
    out = tmp_path / f"out.{suffix}"
    with open_media(film) as source, av.open(out, "w") as target:
        stream = find_video_stream(source)
        copy = add_copy(target, stream, Disposition.default)
        for _, packet in copy_packets(source, stream, copy):
            target.mux(packet)
    assert read_tags(out) == read_tags(film)
    assert read_tags(out)[0] == BT2020


def check_plain(path: Path, transfer: int) -> None:
    """It is labelled and as bright as `map_colours` has it: all of the ramp, but for roundings."""
    assert read_tags(path) == (BT709, BT709, BT709, 1)
    with av.open(path) as container:
        luma = next(container.decode(video=0)).to_ndarray()[45, :160].astype(int)
    assert luma[0] <= 20
    assert luma[-1] >= 225
    assert np.diff(luma).min() >= -3
    codes = np.repeat(np.linspace(0, 1, 160, endpoint=False)[:, None], 3, axis=1)
    expected = 16 + 219 * map_colours(codes, transfer)[:, 0]
    assert np.abs(luma - expected)[8:].max() < 6  # by the left edge it is as dark as can be


def test_an_encoded_one_is_plain(film, tmp_path):
    out = tmp_path / "out.mp4"
    with open_media(film) as source, av.open(out, "w") as target:
        assert len(list(encode_picture(source, target))) == 10
    check_plain(out, read_tags(film)[1])


def test_so_is_one_with_captions_in_it(film, tmp_path):
    (tmp_path / "a.vtt").write_text("WEBVTT\n\n00:10.000 --> 00:11.000\nHi\n")
    burn_captions(film, tmp_path / "a.vtt", tmp_path / "out.mp4", lambda _: None)
    check_plain(tmp_path / "out.mp4", read_tags(film)[1])


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_white_is_white_and_grey_stays_grey(transfer):
    codes = np.repeat(np.array(WHITES[transfer])[:, None], 3, axis=1)
    black, white, brightest = map_colours(codes, transfer)
    assert black == pytest.approx(0, abs=0.01)
    assert np.ptp(white) < 0.01
    assert 0.75 < white[0] < 0.95
    assert brightest == pytest.approx(1, abs=0.01)


def test_what_is_dark_is_as_it_was():
    """50 cd/m2 where reference white is 203: a quarter of all light."""
    [grey] = map_colours(np.full((1, 3), 0.44), PQ)
    assert grey == pytest.approx((50 / 203) ** (1 / 2.4), abs=0.02)
