"""One file with several dubs and captions, in each container."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition, Stream

from backend.media.probe import probe_media
from tests.media_samples import tone, trim_file, write_av
from tests.mix_scene import decode_sound
from workers.captions import formats
from workers.captions.cues import Cue
from workers.media.containers import can_carry_picture, choose_container
from workers.media.decode import decode_blocks
from workers.media.encode import encode_m4a
from workers.media.mux import Track, mux_film
from workers.media.opus import write_opus

RATE = 48_000
CUES = [Cue(0.5, 1.3, "¿Qué <tal> & cuál? لا"), Cue(2.0, 3.0, "字幕")]
HERTZ = {"spa": 880.0, "por": 1320.0}
TITLES = {"spa": "español", "por": "português (Brasil)"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "captions.vtt").write_text(formats.format_vtt(CUES), encoding="utf-8")
    return tmp_path


def mux_sample(folder: Path, source: Path, suffix: str) -> Path:
    """The source with a Spanish and a Portuguese dub and captions in both."""
    dubs = []
    for language, hertz in HERTZ.items():
        dub = folder / f"{language}.m4a"
        encode_m4a([tone(4.0, hertz=hertz)], language, dub)
        if suffix == "webm":
            write_opus(decode_blocks(dub, RATE, 2), dub := dub.with_suffix(".ogg"))
        dubs.append(Track(dub, language, TITLES[language]))
    mux_film(
        source,
        out := folder / f"out.{suffix}",
        sounds=[
            dubs[0]._replace(place=Disposition.default),
            *dubs[1:],
            Track(source, "eng", "English", place=Disposition.original),
        ],
        captions=[Track(folder / "captions.vtt", *named) for named in TITLES.items()],
        progress=lambda _: None,
    )
    return out


def read_name(stream: Stream) -> str | None:
    """As players read it."""
    return stream.metadata.get("title", stream.metadata.get("handler_name"))


@pytest.mark.parametrize(
    ("suffix", "video", "audio", "text"),
    [
        ("mp4", "libx264", "aac", "mov_text"),
        ("mkv", "libx264", "flac", "subrip"),
        ("webm", "libvpx-vp9", "libopus", "webvtt"),
    ],
)
def test_every_container_takes_several_dubs_and_captions(folder, suffix, video, audio, text):
    source = write_av(folder / f"in.{suffix}", tone(4.0), audio, video=4.0, video_codec=video)
    with av.open(mux_sample(folder, source, suffix)) as found:
        kinds = [(stream.type, stream.language) for stream in found.streams]
        assert kinds[1:] == [
            ("audio", "spa"),
            ("audio", "por"),
            ("audio", "eng"),
            ("subtitle", "spa"),
            ("subtitle", "por"),
        ]
        names = [read_name(stream) for stream in found.streams]
        assert names[1:] == [*TITLES.values(), "English", *TITLES.values()]
        default = [bool(one.disposition & Disposition.default) for one in found.streams.audio]
        assert default == [True, False, False]
        assert {one.codec_context.name for one in found.streams.subtitles} <= {text, "srt"}
        shown = [
            float(time * packet.time_base)
            for packet in found.demux(subtitles=0)
            if packet.size > 2
            for time in (packet.pts, packet.duration)
        ]
    # Matroska has no edit lists: all of it begins when the dub's priming does.
    assert shown == pytest.approx([0.5, 0.8, 2.0, 1.0], abs=0.022)


def test_captions_keep_their_text(folder):
    source = write_av(folder / "in.mp4", tone(4.0), "aac", video=4.0, video_codec="libx264")
    with av.open(mux_sample(folder, source, "mp4")) as found:
        texts = [bytes(p)[2:].decode() for p in found.demux(subtitles=0) if p.size > 2]
    assert texts == ["¿Qué <tal> & cuál? لا", "字幕"]


def test_opus_is_to_the_sample_where_the_sound_was(folder):
    sound = tone(3.0)
    write_opus([sound[:50_000], sound[50_000:]], folder / "dub.ogg")
    back = decode_sound(folder / "dub.ogg")
    assert len(back) == len(sound)
    assert np.sqrt(np.mean((back - sound)[RATE : 2 * RATE] ** 2)) < 0.01


def test_packets_lie_in_the_order_of_their_time(folder):
    source = write_av(folder / "in.mkv", tone(4.0), "aac", video=4.0, video_codec="libx264")
    with av.open(mux_sample(folder, source, "mkv")) as found:
        dates = [float(p.dts * p.time_base) for p in found.demux() if p.dts is not None]
    assert all(later > earlier - 0.2 for earlier, later in pairwise(dates))


@pytest.mark.parametrize(
    ("source", "shown", "heard", "suffix"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", "h264", "aac", "mp4"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "h264", "pcm_s16le", "mp4"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "h264", None, "mp4"),
        ("mpegts", "h264", "mp2", "mp4"),
        ("avi", "mpeg4", "pcm_s16le", "mp4"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "prores", "pcm_s16le", "mkv"),
        ("matroska,webm", "h264", "aac", "mkv"),
        ("matroska,webm", "vp9", "opus", "webm"),
        ("matroska,webm", "vp9", "aac", "mkv"),
        ("asf", "wmv2", "wmav2", "mkv"),
    ],
)
def test_the_container_follows_the_source(source, shown, heard, suffix):
    assert choose_container(source, shown, [heard] if heard else []) == suffix


def test_sound_that_an_edit_list_hides_is_not_in_matroska(folder):
    whole = write_av(
        *(folder / "whole.mov", tone(8.0), "pcm_s16le"),
        video=8.0,
        video_codec="mjpeg",
        pixels="yuvj420p",
    )
    source = trim_file(whole, folder / "in.mov", 4.02)
    assert can_carry_picture(source, "mkv")
    assert probe_media(mux_sample(folder, source, "mkv")).duration == pytest.approx(4.0, abs=0.05)
