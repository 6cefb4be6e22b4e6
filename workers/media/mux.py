"""The dubbed video: the source's picture as it is, with the dub as its first sound."""

import os
from collections.abc import Callable, Iterator
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

# What plays everywhere first; Matroska takes pictures that MP4 has no place for, such as VP8.
CONTAINERS = {"mp4": "mp4", "mkv": "matroska"}


class _Copy(NamedTuple):
    """A packet on its way to another file, at `time` in seconds of decoding order."""

    time: float
    stream: int
    packet: "Packet[Stream]"


def suffix_for(codecs: set[str]) -> str | None:
    """`mp4` or `mkv`, the first that carries all these codecs (FFmpeg's names), or None."""
    for suffix, name in CONTAINERS.items():
        with av.open(os.devnull, "w", format=name) as empty:
            if codecs <= empty.supported_codecs:
                return suffix
    return None


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
        name = CONTAINERS[out.suffix[1:]]
        with av.open(out, "w", format=name, options={"movflags": "+faststart"}) as target:
            _add(target, shown, Disposition.default)
            _add(target, spoken, Disposition.default, language)
            if heard:
                _add(target, heard, Disposition.original, source_language)
            kept = {shown.index: 0, heard.index: 2} if heard else {shown.index: 0}
            both = merge(_copies(original, kept), _copies(dubbed, {spoken.index: 1}))
            _write(target, both, progress)


def _add(
    target: OutputContainer,
    stream: AudioStream | VideoStream,
    disposition: Disposition,
    language: str | None = None,
) -> None:
    # opaque: otherwise PyAV looks for an encoder of the codec, which AV1 may not have
    copy = target.add_stream_from_template(stream, opaque=True)
    copy.disposition = disposition
    known = language or stream.language
    if known:
        copy.metadata["language"] = known


def _copies(container: InputContainer, kept: dict[int, int]) -> Iterator[_Copy]:
    """The packets of the kept streams, on the recording's own clock; `kept` maps their numbers."""
    lines = {index: Timeline(float(origin(container))) for index in kept}
    for packet in container.demux([container.streams[index] for index in kept]):
        stamp = packet.pts if packet.dts is None else packet.dts
        if not packet.size or stamp is None:
            continue
        base, line = float(packet.time_base), lines[packet.stream_index]
        time = line.place(stamp * base, (packet.duration or 0) * base)
        shift = round(line.offset / base)
        packet.dts = stamp + shift
        packet.pts = packet.dts if packet.pts is None else packet.pts + shift
        yield _Copy(time, kept[packet.stream_index], packet)


def _write(
    target: OutputContainer, copies: Iterator[_Copy], progress: Callable[[float], None]
) -> None:
    try:
        for time, stream, packet in copies:
            packet.stream = target.streams[stream]
            target.mux(packet)
            progress(time)
    except av.FFmpegError as error:
        raise Permanent(
            f"The picture cannot be copied ({error.strerror}): its time stamps are damaged. "
            "Convert the video to MP4 and try again."
        ) from error
