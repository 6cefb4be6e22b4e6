"""A recording that is not whole is used as far as it goes, and what is missing is told."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from backend.media.completeness import list_damage_warnings
from backend.media.probe import probe_media
from backend.media.tracks import ANY
from tests.media_samples import tone, write_av
from tests.mix_scene import decode_sound
from workers.media.survey import survey_sound

RATE = 48_000
CODECS = {
    "mp4": ("libx264", "aac"),
    "mkv": ("libx264", "aac"),
    "webm": ("libvpx", "libopus"),
    "avi": ("mpeg4", "libmp3lame"),
    "flv": ("flv", "libmp3lame"),
    "wav": (None, "pcm_s16le"),
    "flac": (None, "flac"),
    "mp3": (None, "libmp3lame"),
    "aiff": (None, "pcm_s16be"),
    "wv": (None, "wavpack"),
}


@pytest.fixture(params=CODECS)
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Six seconds that are never still, so that they are spread over the file."""
    path = tmp_path / f"whole.{request.param}"
    shown, heard = CODECS[request.param]
    picture = (
        ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=6", "-c:v", shown or "") if shown else ()
    )
    inputs, codec = picture[:4], picture[4:]
    sound = ("-f", "lavfi", "-i", "anoisesrc=d=6:r=44100:a=0.1")
    front = ("-movflags", "+faststart") if request.param == "mp4" else ()
    command = ("ffmpeg", "-v", "error", *inputs, *sound, *codec, "-c:a", heard, *front, str(path))
    subprocess.run(command, check=True)
    return path


def test_what_was_cut_off_tells_both_lengths(whole: Path):
    data = whole.read_bytes()
    cut = whole.with_stem("cut")
    cut.write_bytes(data[: len(data) * 6 // 10])
    found = probe_media(cut)
    assert 2 < found.duration < 4.5
    [warning, *_] = list_damage_warnings(found)
    assert warning.startswith("The recording says that it lasts 6.0")
    assert f"but {found.duration:.2f} s" in warning
    assert len(decode_sound(cut)) / RATE == pytest.approx(found.duration, abs=0.5)


def test_what_is_whole_tells_nothing(whole: Path):
    assert list_damage_warnings(probe_media(whole)) == []


def test_nor_what_an_edit_list_trims(tmp_path: Path):
    whole = write_av(tmp_path / "a.mp4", tone(6.0), "aac", video=6.0, video_codec="libx264")
    trimmed = tmp_path / "b.mp4"
    command = ("ffmpeg", "-v", "error", "-ss", "3.3", "-i", str(whole), "-c", "copy", str(trimmed))
    subprocess.run(command, check=True)
    assert list_damage_warnings(probe_media(trimmed)) == []


def test_a_pause_in_the_times_is_told_and_what_is_after_it_stays_in_place(tmp_path: Path):
    pieces = ((0.0, 0, RATE), (3.0, RATE, 2 * RATE))
    path = write_av(tmp_path / "a.mkv", tone(2.0), "pcm_s16le", pieces=pieces, video=4.0)
    [told] = list_damage_warnings(probe_media(path))
    assert told.startswith("The recording has no sound from 1.00 to 3.00 s")
    heard = np.abs(decode_sound(path)[:, 0])
    assert heard[RATE + 2000 : 3 * RATE - 2000].max() == 0
    assert heard[3 * RATE + 2000 :].max() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(("sound", "picture"), [(2.0, 5.0), (5.0, 2.0)])
def test_sound_and_picture_that_do_not_end_together_are_told(tmp_path: Path, sound, picture):
    path = write_av(tmp_path / "a.mkv", tone(sound), "pcm_s16le", video=picture)
    found = probe_media(path)
    assert found.duration == pytest.approx(5.0, abs=0.01)
    assert list_damage_warnings(found) == [
        f"The sound ends at {sound:.2f} s, the picture at {picture:.2f} s."
    ]


def test_damaged_packets_are_told_and_silent_and_what_follows_stays_in_place(tmp_path: Path):
    path = write_av(tmp_path / "a.mp4", tone(6.0), "aac", options={"movflags": "+faststart"})
    data = bytearray(path.read_bytes())
    begin = data.find(b"mdat")
    middle = begin + (len(data) - begin) // 3
    data[middle : middle + (len(data) - begin) // 3] = b"\xff" * ((len(data) - begin) // 3)
    path.write_bytes(data)
    found = survey_sound(path, ANY)
    assert found.damaged == pytest.approx(2.0, abs=0.3)
    assert found.list_warnings()
    heard = decode_sound(path)[:, 0]
    assert len(heard) == 6 * RATE
    assert np.abs(heard[round(4.3 * RATE) :]).max() == pytest.approx(0.25, abs=0.02)
    assert np.abs(heard[round(2.5 * RATE) : round(3.5 * RATE)]).max() < 0.05
    assert not survey_sound(write_av(tmp_path / "b.mp4", tone(1.0), "aac"), ANY).list_warnings()
