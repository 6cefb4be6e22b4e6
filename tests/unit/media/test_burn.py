"""Captions in the picture."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from backend.errors import Permanent
from backend.media.probe import probe_media
from tests.media_samples import tone, write_av
from workers.media import burn

pytestmark = pytest.mark.skipif(
    not burn.is_available(), reason="no ffmpeg with libass: apt-get install ffmpeg"
)

CAPTIONS = "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nHi &amp; {\\i1}bye\n"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    (tmp_path / "captions.vtt").write_text(CAPTIONS)
    path = tmp_path / "dub.mp4"
    return write_av(path, tone(2.0), "aac", video=2.0, video_codec="libx264")


def burn_video(video: Path, progress=lambda _: None) -> Path:
    out = video.with_name("dub.captioned.mp4")
    assert burn.burn_captions(video, video.with_name("captions.vtt"), out, progress)
    return out


def pictures(path: Path) -> np.ndarray:
    """The brightness of each frame: shape (frames, rows, columns)."""
    with av.open(path) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return np.stack(frames).astype(int)


def test_text_is_in_the_lower_half_of_the_picture_while_it_is_said(video):
    told: list[float] = []
    before, after = pictures(video), pictures(burn_video(video, told.append))
    assert after.shape == before.shape == (50, 48, 64)
    changed = np.abs(after - before) > 40
    assert changed[25, 24:].any()
    assert not changed[:, :24].any()
    assert not changed[:12].any()
    assert not changed[38:].any()
    assert told


def test_sound_and_length_stay(video):
    before, after = probe_media(video), probe_media(burn_video(video))
    assert after.audio == before.audio
    assert after.duration == before.duration


def test_any_sound_that_is_in_mp4_is_kept(tmp_path):
    (tmp_path / "captions.vtt").write_text(CAPTIONS)
    video = write_av(tmp_path / "dub.mp4", tone(2.0), "flac", video=2.0, video_codec="libx264")
    assert probe_media(burn_video(video)).audio == probe_media(video).audio


def test_what_ffmpeg_cannot_read_is_told(tmp_path, video):
    shutil.copy(tmp_path / "captions.vtt", video)
    with pytest.raises(Permanent, match=r"dub.mp4 cannot be read"):
        burn_video(video)


def test_progress_may_stop_it(video):
    def stop(_: float) -> None:
        raise KeyError("cancelled")

    with pytest.raises(KeyError, match="cancelled"):
        burn_video(video, stop)
