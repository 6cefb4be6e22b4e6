"""A disk that takes no more is named, and not the recording blamed."""

import errno
import os
import shutil
from collections import namedtuple
from pathlib import Path

import av
import pytest

from backend.errors import Permanent
from backend.media.container import open_media
from backend.process.disk_errors import explain_disk_error
from tests.media_samples import tone, write
from workers.media.containers import CONTAINERS
from workers.media.mux import _open_target

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_the_folder_and_the_remedy_are_told(tmp_path: Path, number: int):
    error = OSError(number, os.strerror(number), str(tmp_path / "out.mp4"))
    told = explain_disk_error(error, Path("/elsewhere"))
    assert told.startswith(f"Nothing can be written to {tmp_path}: ")
    told = explain_disk_error(OSError(number, os.strerror(number)), tmp_path)
    assert told.startswith(f"Nothing can be written to {tmp_path}: ")


def test_other_errors_are_not_the_disks(tmp_path: Path):
    assert explain_disk_error(FileNotFoundError(errno.ENOENT, "no", "x"), tmp_path) is None
    assert explain_disk_error(ValueError("no"), tmp_path) is None


def test_a_library_that_gives_no_reason_has_run_out_of_room(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9, 9, 0))
    told = explain_disk_error(RuntimeError("Error writing: System error."), tmp_path)
    assert told == f"Nothing can be written to {tmp_path}: there is no space left: free some."


def fill_disk(target: av.container.OutputContainer) -> None:
    stream = target.add_stream("aac", 48_000)
    frame = av.AudioFrame.from_ndarray(tone(20.0, channels=1).T.copy(), "fltp", "mono")
    frame.sample_rate = 48_000
    target.mux(stream.encode(frame))
    target.mux(stream.encode(None))


def test_a_full_disk_is_no_damage_of_what_is_read(tmp_path: Path):
    talk = write(tmp_path / "talk.wav", tone(1.0))
    full = tmp_path / "full.mkv"
    full.symlink_to("/dev/full")
    with (
        pytest.raises(OSError, match="No space left") as raised,
        open_media(talk),
        _open_target(full, CONTAINERS["mkv"]) as target,
    ):
        fill_disk(target)
    assert "no space left" in explain_disk_error(raised.value, tmp_path)


def test_an_encoder_that_fails_is_no_damage_of_what_is_read(tmp_path: Path):
    talk = write(tmp_path / "talk.wav", tone(1.0))
    with (
        pytest.raises(Permanent, match=r"talk\.wav can be read, but what is made of it"),
        open_media(talk),
        av.open(tmp_path / "out.mp4", "w") as target,
    ):
        stream = target.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 63, 47, "yuv420p"  # of an odd size
        stream.encode(av.VideoFrame(63, 47, "yuv420p"))
