"""The dubbed video: the source's picture as it is, with the dub as its first sound."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import merge
from pathlib import Path
from typing import NamedTuple

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from backend.core.errors import Permanent
from backend.media.container import opened, origin, picture, sound
from backend.media.timeline import Timeline

# What plays everywhere when it is in MP4. FFmpeg would write more, but players refuse it.
MP4_CODECS = frozenset(
    ("h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac")
)
FORMATS = {"mp4": "mp4", "mkv": "matroska"}


class _Copy(NamedTuple):
    """A packet on its way to another file, at `time` in seconds of decoding order."""

    time: float
    stream: int
    packet: "Packet[Stream]"


def suffix_for(codecs: set[str]) -> str | None:
    """`mp4`, else `mkv`, if it carries all these codecs (FFmpeg's names), else None."""
    if codecs <= MP4_CODECS:
        return "mp4"
    with av.open(os.devnull, "w", format="matroska") as empty:
        return "mkv" if codecs <= empty.supported_codecs else None


def mux(
    source: Path,
    dub: Path,
    out: Path,
    *,
    language: str,
    source_language: str,
    progress: Callable[[float], None],
) -> None:
    """Write `out` (.mp4 or .mkv) with the picture of `source`, the dub, and the original sound.

    The dub is the default track. Languages are ISO 639-2/T codes; `progress` gets seconds. Raises
    `Permanent` when the source has no picture or its packets cannot be copied.
    """
    with opened(source) as original, opened(dub) as dubbed:
        shown, heard, spoken = picture(original), sound(original), sound(dubbed)
        if shown is None or spoken is None:
            raise Permanent("A dubbed video needs a picture and a dub.")
        with _target(out) as target:
            _add(target, shown, Disposition.default)
            _add(target, spoken, Disposition.default, language)
            if heard:
                _add(target, heard, Disposition.original, source_language)
            kept = {shown.index: 0, heard.index: 2} if heard else {shown.index: 0}
            for time, stream, packet in merge(
                _copies(original, kept), _copies(dubbed, {spoken.index: 1})
            ):
                packet.stream = target.streams[stream]
                target.mux(packet)
                progress(time)


@contextmanager
def _target(out: Path) -> Iterator[OutputContainer]:
    # As precise as the sound's clock, so that the edit lists are; Matroska ignores these.
    options = {"movflags": "+faststart", "movie_timescale": "48000"}
    try:
        with av.open(out, "w", format=FORMATS[out.suffix[1:]], options=options) as target:
            yield target
    except av.FFmpegError as error:
        raise Permanent(
            f"The picture cannot be copied into {out.name} ({error.strerror}): the source is "
            "damaged or unusual. Convert it to H.264 in MP4 and try again."
        ) from error


def _add(
    target: OutputContainer,
    stream: AudioStream | VideoStream,
    disposition: Disposition,
    language: str | None = None,
) -> None:
    # opaque: otherwise PyAV looks for an encoder of the codec, which AV1 may not have
    copy = target.add_stream_from_template(stream, opaque=True)
    if stream.codec_context.codec_tag == "hvc1":
        copy.codec_context.codec_tag = "hvc1"  # Apple's players refuse FFmpeg's default, hev1
    copy.disposition = disposition
    known = language or stream.language
    if known:
        copy.metadata["language"] = known


def _copies(container: InputContainer, kept: dict[int, int]) -> Iterator[_Copy]:
    """The packets of the kept streams, on the recording's own clock; `kept` maps their numbers."""
    lines = {index: Timeline(float(origin(container))) for index in kept}
    for packet in _dated(container.demux([container.streams[index] for index in kept])):
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None:
            continue
        base, line = float(packet.time_base), lines[packet.stream_index]
        time = line.place(stamp * base, (packet.duration or 0) * base)
        shift = round(line.offset / base)
        packet.dts = stamp + shift
        packet.pts = packet.dts if packet.pts is None else packet.pts + shift
        yield _Copy(time, kept[packet.stream_index], packet)


def _dated(packets: "Iterator[Packet[Stream]]") -> "Iterator[Packet[Stream]]":
    """The packets, with decoding times where the first pictures lack one.

    Matroska tells none; FFmpeg finds out once it has seen how many pictures are out of order.
    """
    undated: list[Packet[Stream]] = []
    for packet in packets:
        if not packet.size:
            continue
        if packet.dts is None and packet.stream.type == "video":
            undated.append(packet)
            continue
        if packet.dts is not None and packet.stream.type == "video":
            for back, early in enumerate(reversed(undated), 1):
                early.dts = packet.dts - back * (packet.duration or 1)
            yield from undated
            undated.clear()
        yield packet
    yield from undated
