"""The sound track that is heard, of files that have several."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.stream import Disposition

from backend.errors import Permanent
from backend.media.probe import list_track_warnings, probe_media
from backend.media.tracks import SoundTrack, TrackWish, choose_track
from tests.media_samples import tone
from workers.media.decode import decode_blocks

RATE = 48_000
HERTZ = (440.0, 880.0)


def track(language: str | None = None, **more: bool) -> SoundTrack:
    usual = {"main": True, "original": False, "default": False, "sounds": True}
    return SoundTrack(language, **{**usual, **more})


@pytest.mark.parametrize(
    ("tracks", "wish", "number"),
    [
        ([track("ger", default=True), track("eng")], TrackWish("en"), 2),
        ([track("ger"), track("fre")], TrackWish("de-AT"), 1),
        ([track("eng", main=False, default=True), track("eng")], TrackWish("en"), 2),
        ([track("ger"), track("fre", default=True)], TrackWish("en"), 2),
        ([track("fre", default=True), track("ger", original=True)], TrackWish("auto"), 2),
        ([track("eng"), track("ger", original=True)], TrackWish("en"), 1),
        ([track(sounds=False), track()], TrackWish("en"), 2),
        ([track("eng"), track("ger")], TrackWish("en", 2), 2),
        ([track("no language at all"), track("eng")], TrackWish("en"), 2),
        ([], TrackWish("en"), None),
    ],
)
def test_choice(tracks, wish, number):
    assert choose_track(tracks, wish) == number


def test_a_track_that_is_not_there_is_refused():
    with pytest.raises(Permanent, match=r"no sound track 3: the recording has 1, 2\."):
        choose_track([track(), track()], TrackWish("en", 3))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """German by default, and English with a title; each hums at its own pitch."""
    with av.open(tmp_path / "two.mkv", "w") as file:
        streams = [file.add_stream("pcm_s16le", RATE, layout="stereo") for _ in HERTZ]
        for stream, language in zip(streams, ("ger", "eng"), strict=True):
            stream.metadata["language"] = language
        streams[0].disposition, streams[1].disposition = Disposition.default, Disposition(0)
        streams[1].metadata["title"] = "Director's cut"
        for stream, hertz in zip(streams, HERTZ, strict=True):
            sound = (tone(1.0, hertz=hertz) * 32767).astype(np.int16).reshape(1, -1)
            frame = AudioFrame.from_ndarray(sound, "s16", "stereo")
            frame.sample_rate = RATE
            file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    return tmp_path / "two.mkv"


@pytest.mark.parametrize(
    ("wish", "hertz"),
    [
        (TrackWish("de"), 440),
        (TrackWish("en"), 880),
        (TrackWish("fr"), 440),
        (TrackWish("en", 1), 440),
    ],
)
def test_what_is_wished_for_is_decoded(film, wish, hertz):
    heard = np.concatenate(list(decode_blocks(film, RATE, 1, track=wish)))[:RATE, 0]
    assert np.abs(np.fft.rfft(heard)).argmax() == hertz


def test_what_is_heard_is_told(film):
    found = probe_media(film, wish=TrackWish("en"))
    assert (found.track, found.audio.language, found.audio.title) == (2, "eng", "Director's cut")
    assert list_track_warnings(found, "en") == ["Sound track 2 of 2 is heard (eng, Director's cut)"]
    [told] = list_track_warnings(probe_media(film, wish=TrackWish("fr")), "fr")
    assert told.startswith("Sound track 1 of 2 is heard (ger): none says to be in French.")


def test_a_language_that_nobody_named_is_not_told(film):
    [told] = list_track_warnings(probe_media(film), "auto")
    assert told.startswith("Sound track 1 of 2 is heard (ger). Name another with --track")
