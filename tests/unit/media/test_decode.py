"""Every kind of sound comes out at its time, in the rate and channels asked for."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from backend.errors import Permanent
from backend.media.probe import probe_media
from backend.media.tracks import ANY
from tests.media_samples import no_sound, rms, tone, write, write_av
from workers.media.decode import decode_blocks, decode_speech, fit_blocks, write_wav
from workers.media.survey import survey_sound

STATM = Path("/proc/self/statm")


def decode_file(path: Path, rate: int = 48_000, channels: int = 2) -> np.ndarray:
    return np.concatenate(list(decode_blocks(path, rate, channels)))


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (44_100, 2), (96_000, 6), (48_000, 2)])
def test_length_and_level_are_kept(tmp_path: Path, rate, channels):
    sound = tone(1.5, rate, channels)
    got = decode_file(write(tmp_path / "a.wav", sound, rate))
    assert got.shape == (72_000, 2)
    assert rms(got[10_000:60_000, 0]) == pytest.approx(rms(sound), abs=0.1)
    assert (got[:, 0] == got[:, 1]).all()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("recorded", [6, 9, 10, 15])
def test_loud_channels_mixed_down_do_not_clip(tmp_path: Path, recorded, channels):
    sound = np.ones((48_000, recorded), np.float32)
    got = decode_file(write(tmp_path / "a.wav", sound), channels=channels)
    assert 0.9 < got[1000:-1000].max() <= 1.01


def test_channels_without_a_place_are_heard_alike(tmp_path: Path):
    for number in (0, 8):
        sound = np.zeros((48_000, 9), np.float32)
        sound[:, number] = 0.9
        got = decode_file(write(tmp_path / "a.wav", sound))
        assert got[1000:-1000] == pytest.approx(0.1, abs=0.001)


def test_both_channels_keep_their_place(tmp_path: Path):
    left = tone(1.0)
    left[:, 1] = 0
    got = decode_file(write(tmp_path / "a.wav", left))
    assert rms(got[:, 0]) > -20
    assert rms(got[:, 1]) < -90


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.m4a", "aac"), ("a.webm", "libopus")],
)
def test_lossy_sound_is_where_it_was(tmp_path: Path, name, codec):
    sound = np.zeros((96_000, 2), np.float32)
    sound[48_000:60_000] = tone(0.25)
    options = {"movie_timescale": "48000"} if name == "a.m4a" else {}
    path = write_av(tmp_path / name, sound, codec, options=options)
    total = round(probe_media(path).duration * 48_000)
    got = np.concatenate(list(fit_blocks(decode_blocks(path, 48_000, 2), total, 48_000, 2)))
    assert total == pytest.approx(96_000, abs=48)
    onset = np.argmax(np.abs(got[:, 0]) > 0.1)
    assert onset == pytest.approx(48_000, abs=100)


def test_sound_that_starts_late_stays_late(tmp_path: Path):
    sound = tone(1.0)
    path = write_av(
        tmp_path / "late.mkv", sound, "pcm_s16le", video=2.0, pieces=((0.75, 0, 48_000),)
    )
    got = decode_file(path)
    assert rms(got[:35_900]) < -90
    assert rms(got[36_100:83_000]) == pytest.approx(rms(sound), abs=0.1)
    assert len(got) == pytest.approx(84_000, abs=48)


def test_a_pause_in_the_time_stamps_is_silence(tmp_path: Path):
    pieces = ((0.0, 0, 24_000), (1.5, 24_000, 48_000))
    path = write_av(tmp_path / "gap.mkv", tone(1.0), "pcm_s16le", pieces=pieces)
    got = decode_file(path)
    assert len(got) == pytest.approx(96_000, abs=48)
    assert rms(got[24_100:71_900]) < -90
    assert rms(got[72_100:]) > -20


def test_what_overlaps_is_heard_once(tmp_path: Path):
    pieces = ((0.0, 0, 48_000), (0.6, 24_000, 72_000))
    path = write_av(
        tmp_path / "twice.mkv", tone(1.5), "pcm_s16le", pieces=pieces, frame_size=24_000
    )
    assert len(decode_file(path)) == pytest.approx(76_800, abs=48)


def test_a_clock_that_starts_anywhere(tmp_path: Path):
    pieces = ((5000.0, 0, 48_000),)
    path = write_av(tmp_path / "broadcast.ts", tone(1.0), "mp2", pieces=pieces)
    assert len(decode_file(path)) == pytest.approx(48_000, abs=2_400)


def test_jittering_time_stamps_cut_no_holes(tmp_path: Path):
    stamps = np.arange(50) * 0.02 + np.random.default_rng(1).uniform(0, 0.015, 50)
    pieces = tuple((float(at), i * 960, i * 960 + 960) for i, at in enumerate(stamps))
    path = write_av(tmp_path / "jitter.mkv", tone(1.0), "pcm_s16le", pieces=pieces)
    got = decode_file(path)
    assert len(got) == pytest.approx(48_000, abs=800)
    assert min(rms(got[i : i + 480]) for i in range(1000, 47_000, 480)) > -20


def test_damage_is_silence_of_the_same_length(tmp_path: Path):
    path = write_av(tmp_path / "a.ts", tone(3.0), "mp2")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 188 * 60] = b"\0" * 188 * 60
    path.write_bytes(data)
    got = decode_file(path)
    assert len(got) == pytest.approx(144_000, abs=2_400)
    assert rms(got[75_000:80_000]) < -60
    assert rms(got[110_000:140_000]) > -20


def test_no_sound_is_refused(tmp_path: Path):
    path = write_av(tmp_path / "mute.mp4", no_sound(), "", video=1.0)
    with pytest.raises(Permanent, match="no sound"):
        decode_file(path)


def test_wav_for_the_transcriber(tmp_path: Path):
    path = write(tmp_path / "a.flac", tone(2.5, 44_100), 44_100)
    told = []
    sound = decode_blocks(path, 16_000, 1)
    seconds = write_wav(sound, tmp_path / "out.wav", 16_000, 2.5, told.append)
    info = sf.info(tmp_path / "out.wav")
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
    assert info.frames == round(seconds * 16_000) == 40_000
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("total", [1, 700, 1000, 2500])
def test_exactly_cuts_and_fills(total):
    ones = [np.ones((n, 2), np.float32) for n in (300, 1, 999)]
    got = list(fit_blocks(iter(ones), total, 500, 2))
    assert [len(block) for block in got[:-1]] == [500] * (len(got) - 1)
    whole = np.concatenate(got)
    assert whole.shape == (total, 2)
    assert whole.sum() == 2 * min(total, 1300)


@pytest.mark.skipif(not STATM.exists(), reason="reads the process's memory from Linux's /proc")
def test_ten_hours_of_silence_take_no_more_memory_than_one(tmp_path: Path):
    rate, hour = 1_000, 3_600
    path = tmp_path / "long.flac"
    with sf.SoundFile(path, "w", rate, 1, "PCM_16") as out:
        for _ in range(10):
            out.write(np.zeros(hour * rate, np.int16))
    assert probe_media(path).duration == 10 * hour
    after = [
        resident() for block in islice(decode_blocks(path, rate, 1), 0, None, hour) if len(block)
    ]
    assert len(after) == 10
    assert after[-1] - after[1] < 4_000_000


def resident() -> int:
    return int(STATM.read_text().split()[1]) * 4096


@pytest.mark.parametrize(
    ("gains", "suffix"),
    [
        ((1, -1), "flac"),
        ((1, -0.5), "wav"),
        ((0, 1), "wav"),
        ((0, 0, 1, 0, 0, 0), "flac"),
        ((1, -1, 0, 0, 0, 0), "wav"),
        ((1, -1) * 5, "wav"),
    ],
)
def test_speech_does_not_cancel(tmp_path: Path, gains: tuple[float, ...], suffix: str):
    spoken = tone(2.0, 48_000, len(gains)) * np.array(gains, np.float32)
    path = write(tmp_path / f"a.{suffix}", spoken)
    found = survey_sound(path, ANY)
    heard = np.concatenate(list(decode_speech(path, 16_000, found.speech)))
    assert heard.shape == (32_000, 1)
    assert np.abs(heard).max() == pytest.approx(0.25, rel=0.3)


@pytest.mark.parametrize(
    ("gains", "suffix"),
    [
        ((1, -1), "flac"),
        ((1, 0), "flac"),
        ((0, 1), "wav"),
        ((1, -1, 0, 0, 0, 0), "wav"),
        ((1, 1, -1, 0, 0, 0), "flac"),
        ((1, 1, 0, 0, -1, -1), "flac"),
        ((1, -1) * 5, "wav"),
    ],
)
def test_nor_in_the_bed(tmp_path: Path, gains: tuple[float, ...], suffix: str):
    """It is the same in both channels, as loud as it can be without clipping."""
    path = write(
        tmp_path / f"a.{suffix}", tone(2.0, 48_000, len(gains)) * np.array(gains, np.float32)
    )
    repairs = survey_sound(path, ANY).repairs
    left, right = np.concatenate(list(decode_blocks(path, 48_000, 2, repairs=repairs))).T
    assert np.abs(left - right).max() < 0.001
    assert np.abs(left).max() > 0.09


def test_what_is_wide_on_purpose_stays_so(tmp_path: Path):
    music = np.random.default_rng(1).normal(0, 0.1, (96_000, 2)).astype(np.float32)
    found = survey_sound(write(tmp_path / "a.flac", music), ANY)
    assert list(found.repairs.values()) == [()]
