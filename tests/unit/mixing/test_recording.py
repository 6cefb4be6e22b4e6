"""A recording that is held: the picture stands still, the sound pauses, both go on together."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from backend.media.tracks import ANY
from tests.media_samples import FPS, Samples, no_sound, rms, tone, write, write_av
from tests.mix_scene import RATE, decode_sound
from tests.stage_context import LocalContext
from workers.mixing.recording import SourceRecording, fetch_recording, hold_recording
from workers.timing.holds import DubClock, Hold

HOLDS = (Hold(1.0, 0.4), Hold(2.5, 1.2))
CLOCK = DubClock(HOLDS)
# FFmpeg's numbers of television in ultra high definition.
BT2020 = {"color_range": 1, "colorspace": 9, "color_primaries": 9, "color_trc": 14}


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    return LocalContext(tmp_path)


def store_recording(context: LocalContext, path: Path) -> SourceRecording:
    return fetch_recording(context.store_file(path, "video/mp4"), context, 0.0, ANY)


def waiting(context: LocalContext, path: Path, clock: DubClock = CLOCK) -> SourceRecording:
    return hold_recording(store_recording(context, path), clock, context, context.progress)


def film(folder: Path, name: str = "film.mp4", **more: object) -> Path:
    """Four seconds; frame n is 7 n bright, and a tone sounds throughout."""
    more = {"video_codec": "libx264", **more}
    return write_av(folder / name, tone(4.0), "aac", video=4.0, **more)


def brightness(path: Path) -> list[float]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]


def test_without_holds_the_recording_stays_what_it_is(context, tmp_path):
    source = store_recording(context, film(tmp_path))
    assert hold_recording(source, DubClock([]), context, context.progress) is source


def test_frames_and_samples_are_as_many_as_asked_for(context, tmp_path):
    made = waiting(context, film(tmp_path))
    assert made.duration == made.found.duration == pytest.approx(5.6, abs=1e-6)
    assert len(brightness(made.path)) == 140
    assert len(decode_sound(made.path)) == round(5.6 * RATE)
    assert context.told == sorted(context.told)
    with av.open(made.path) as container:
        times = [frame.time for frame in container.decode(video=0)]
        assert container.streams.audio[0].duration == round(5.6 * RATE)
    assert times == pytest.approx([number / FPS for number in range(140)], abs=1e-4)


def test_the_picture_stands_still_and_then_goes_on(context, tmp_path):
    before = brightness(film(tmp_path))
    after = brightness(waiting(context, film(tmp_path)).path)
    expected = [
        *(*before[:25], *[before[24]] * 10),
        *(*before[25:63], *[before[62]] * 30, *before[63:]),
    ]
    assert after == pytest.approx(expected, abs=2.0)


def test_the_sound_pauses_without_a_click(context, tmp_path):
    sound = decode_sound(waiting(context, write(tmp_path / "talk.wav", tone(4.0))).path)
    assert len(sound) == round(5.6 * RATE)
    for start, end in ((1.0, 1.4), (2.9, 4.1)):
        assert not sound[round(start * RATE) : round(end * RATE)].any()
        assert rms(sound[round((start - 0.2) * RATE) : round((start - 0.02) * RATE)]) > -16
        assert rms(sound[round((end + 0.02) * RATE) : round((end + 0.2) * RATE)]) > -16
    assert np.abs(np.diff(sound[:, 0])).max() < 0.02
    untouched = np.concatenate([sound[: round(0.98 * RATE)], sound[round(4.12 * RATE) :]])
    original = np.concatenate([tone(4.0)[: round(0.98 * RATE)], tone(4.0)[round(2.52 * RATE) :]])
    assert np.abs(untouched - original).max() < 1e-4


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "flac"), ("a.ts", "mp2")])
def test_flash_and_beep_stay_together_after_each_hold(context, tmp_path, name, codec):
    path = flashing(tmp_path / name, codec, (0.4, 2.0, 3.2))
    made = waiting(context, path)
    flashes = [number / FPS for number, light in enumerate(brightness(made.path)) if light > 128]
    beeps = onsets(decode_sound(made.path))
    assert flashes == pytest.approx([0.4, 2.4, 4.8], abs=0.001)
    assert beeps == pytest.approx(flashes, abs=1 / FPS)


def test_a_hold_at_either_end_is_held(context, tmp_path):
    clock = DubClock([Hold(0.0, 0.4), Hold(4.0, 0.6)])
    made = waiting(context, film(tmp_path), clock)
    light = brightness(made.path)
    assert len(light) == 125
    assert light[:11] == pytest.approx([light[0]] * 11, abs=2.0)
    assert light[-16:] == pytest.approx([light[-1]] * 16, abs=2.0)
    assert len(decode_sound(made.path)) == 5 * RATE


def test_slides_are_held_as_well_and_stay_in_sync(context, tmp_path):
    """With B-frames the first slide would be decoded so early that it counted as another clock."""
    path = tmp_path / "slides.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", Fraction(1, 6), {"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(6):
            shade = np.full((64, 64, 3), 40 * number, np.uint8)
            container.mux(stream.encode(VideoFrame.from_ndarray(shade, "rgb24")))
        container.mux(stream.encode(None))
    made = waiting(context, path, DubClock([Hold(9.0, 0.5), Hold(20.0, 0.25)]))
    with av.open(made.path) as container:
        frames = [(frame.time, frame.to_ndarray().mean()) for frame in container.decode(video=0)]
    changes = [time for (_, was), (time, now) in pairwise(frames) if abs(now - was) > 10]
    assert frames[0][0] == 0
    assert changes == pytest.approx([6.0, 12.5, 18.5, 24.75, 30.75], abs=0.01)


def test_a_picture_without_sound_is_held_too(context, tmp_path):
    mute = write_av(tmp_path / "mute.mp4", no_sound(), "", video=4.0, video_codec="libx264")
    made = waiting(context, mute)
    assert (len(brightness(made.path)), made.sounds) == (140, False)


def test_text_is_only_longer(context, tmp_path):
    (tmp_path / "talk.txt").write_text("Hello.")
    text = context.store_file(tmp_path / "talk.txt", "text/plain")
    source = fetch_recording(text, context, 4.0, ANY)
    made = hold_recording(source, CLOCK, context, context.progress)
    assert (made.path, made.duration) == (source.path, pytest.approx(5.6))


def test_it_is_made_once_for_the_same_holds(context, tmp_path):
    source = store_recording(context, film(tmp_path))
    first = hold_recording(source, CLOCK, context, context.progress)
    told = len(context.told)
    assert hold_recording(source, CLOCK, context, context.progress).sha256 == first.sha256
    assert len(context.told) == told
    assert (
        hold_recording(source, DubClock(HOLDS[:1]), context, context.progress).sha256
        != first.sha256
    )


def test_the_picture_keeps_its_shape_and_colours(context, tmp_path):
    path = write_coloured(tmp_path / "film.mp4")
    with av.open(path) as before, av.open(waiting(context, path).path) as after:
        old, new = before.streams.video[0], after.streams.video[0]
        assert new.codec_context.name == "h264"
        assert new.sample_aspect_ratio == old.sample_aspect_ratio == Fraction(4, 3)
        for name, value in BT2020.items():
            told = getattr(new.codec_context, name)
            assert told == getattr(old.codec_context, name) == value


def flashing(path: Path, codec: str, times: tuple[float, ...]) -> Path:
    """Four seconds of dark and silence, but for a white frame and a beep at these times."""
    sound = np.zeros((4 * RATE, 2), np.float32)
    for time in times:
        sound[round(time * RATE) :][: RATE // 25] = tone(0.04, hertz=1000.0)
    with av.open(path, "w") as container:
        picture = container.add_stream("libx264", FPS)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        track = container.add_stream(codec, rate=RATE, layout="stereo")
        for number in range(4 * FPS):
            light = 255 if number / FPS in times else 0
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), light, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.reshape(1, -1)), "flt")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def onsets(sound: Samples) -> list[float]:
    """When sound begins after silence, in seconds."""
    loud = np.abs(sound[:, 0]) > 0.1
    at = np.flatnonzero(loud) / RATE
    return [float(time) for time in at[np.diff(at, prepend=-1.0) > 0.2]]


def write_coloured(path: Path) -> Path:
    """Four seconds in BT.2020 of pixels that are not square."""
    with av.open(path, "w") as container:
        picture = container.add_stream("libx264", FPS)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        codec = picture.codec_context
        codec.sample_aspect_ratio = Fraction(4, 3)
        for name, value in BT2020.items():
            setattr(codec, name, value)
        for number in range(4 * FPS):
            frame = VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
    return path
