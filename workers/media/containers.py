"""Which container a dubbed video is: the source's kind, if the muxer takes its picture."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from backend.media.container import find_video_stream, open_media
from workers.audio.samples import RATE
from workers.media.packets import add_copy, copy_packets
from workers.media.texts import CaptionsCodec


class ContainerFormat(NamedTuple):
    """A kind of file: FFmpeg's name for it, its captions' codec, and how to put its index first."""

    format: str
    captions: CaptionsCodec
    options: dict[str, str]


# As precise as the sound's clock, so that the edit lists are.
ISO = {"movflags": "+faststart", "movie_timescale": str(RATE)}
CONTAINERS = {
    "mp4": ContainerFormat("mp4", "mov_text", ISO),
    "mkv": ContainerFormat("matroska", "subrip", {"cues_to_front": "1"}),
    "webm": ContainerFormat("webm", "webvtt", {"cues_to_front": "1"}),
    "mov": ContainerFormat("mov", "mov_text", ISO),
}
# What plays everywhere when it is in MP4. FFmpeg would write more, but players refuse it.
MP4_CODECS = frozenset(
    ("h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac")
)
WEBM_CODECS = frozenset(("vp8", "vp9", "av1", "vorbis", "opus", "webvtt"))
# Packets enough for a first picture, out of order as they may be.
TRIAL_PACKETS = 12
ROUNDED = 2  # of 255


def choose_container(format_name: str, shown: str, others: Iterable[str]) -> str:
    """The kind of file for a source of this format, with this picture (FFmpeg's names).

    MP4 where it carries the picture, whatever else there is; but Matroska stays Matroska, and WebM
    WebM, which may hold nothing else.
    """
    matroska = "matroska" in format_name
    if matroska and {shown, *others} <= WEBM_CODECS:
        return "webm"
    return "mp4" if not matroska and shown in MP4_CODECS else "mkv"


def list_codecs(film: Path) -> list[str]:
    """Of every stream in it; of files within it and the like `unknown`."""
    with open_media(film) as container:
        codecs = (stream.codec_context for stream in container.streams)
        return [one.codec.canonical_name if one else "unknown" for one in codecs]


def find_container(film: Path, first: str) -> str | None:
    """The kind of file that takes the picture as it is: the `first`, Matroska or QuickTime."""
    kinds = dict.fromkeys((first, "mkv", "mov"))
    return next((kind for kind in kinds if can_carry_picture(film, kind)), None)


def can_carry_picture(film: Path, suffix: str) -> bool:
    """Whether the picture is seen in such a file as it was: only muxer and decoder know.

    So its beginning is tried. What an edit list hides can be hidden in MP4 and QuickTime alone.
    """
    kind = CONTAINERS[suffix]
    with open_media(film) as shown:
        picture = find_video_stream(shown)
        if picture is None or (kind.format in ("matroska", "webm") and _hides_start(film)):
            return False
        try:
            trial = _mux_beginning(shown, picture, kind.format)
        except (av.FFmpegError, ValueError):
            return False
    with open_media(film) as before, av.open(trial, "r") as after:
        first = next(_decode_beginning(before), None)
        return first is None or any(_is_same(first, one) for one in _decode_beginning(after))


def _mux_beginning(film: InputContainer, picture: VideoStream, format_: str) -> BytesIO:
    trial = BytesIO()
    with av.open(trial, "w", format=format_) as target:
        copy = add_copy(target, picture, Disposition.default)
        for _, packet in islice(copy_packets(film, picture, copy), TRIAL_PACKETS):
            target.mux(packet)
    trial.seek(0)
    return trial


def _decode_beginning(film: InputContainer) -> Iterator[VideoFrame]:
    """The first pictures, as many as can be decoded."""
    picture = find_video_stream(film)
    if picture is None:
        return
    with suppress(av.FFmpegError):
        for packet in islice(film.demux(picture), TRIAL_PACKETS):
            yield from packet.decode()
        yield from picture.codec_context.decode(None)


def _is_same(one: VideoFrame, other: VideoFrame) -> bool:
    """But for roundings: of some codecs the container tells how deep their colours are."""
    first, second = (frame.to_ndarray(format="rgb24").astype(np.int16) for frame in (one, other))
    return first.shape == second.shape and bool((np.abs(first - second) <= ROUNDED).all())


def carries_sound(suffix: str, codec: str) -> bool:
    """Whether players expect sound of this codec in such a file."""
    if suffix == "mp4":
        return codec in MP4_CODECS
    return codec in _list_supported(CONTAINERS[suffix].format)


@cache
def _list_supported(format_: str) -> frozenset[str]:
    """The codecs that FFmpeg's muxer lists, by the names that streams tell."""
    with av.open(os.devnull, "w", format=format_) as empty:
        return frozenset(map(_find_canonical_name, empty.supported_codecs))


def _find_canonical_name(codec: str) -> str:
    """`dts` for the decoder `dca`, `aac` for the encoder `aac`."""
    try:
        return av.Codec(codec).canonical_name
    except av.codec.codec.UnknownCodecError:
        return av.Codec(codec, "w").canonical_name


def _hides_start(film: Path) -> bool:
    """Whether an edit list hides more than a picture before zero."""
    with open_media(film) as container:
        first = next(container.demux(find_video_stream(container)))
        return (first.pts or 0) + (first.duration or 0) < 0
