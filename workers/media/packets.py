"""Encoded packets on their way from one file to another, on the recording's own clock."""

from collections.abc import Iterator

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from backend.media.container import compute_origin
from backend.media.timeline import Timeline

# A packet, and its place in decoding order in seconds.
Timed = tuple[float, "Packet[Stream]"]


def add_copy(
    target: OutputContainer,
    stream: AudioStream | VideoStream | SubtitleStream,
    disposition: Disposition,
) -> Stream:
    """A stream in `target` for the packets of `stream`, which tells its language, if known."""
    # opaque: otherwise PyAV looks for an encoder of the codec, which AV1 may not have
    copy = target.add_stream_from_template(stream, opaque=True)
    if stream.codec_context.codec_tag == "hvc1":
        copy.codec_context.codec_tag = "hvc1"  # Apple's players refuse FFmpeg's default, hev1
    copy.disposition = disposition
    if stream.language:
        copy.metadata["language"] = stream.language
    return copy


def copy_packets(container: InputContainer, stream: Stream, copy: Stream) -> Iterator[Timed]:
    """The packets of a stream, for the one that they are to go to.

    The recording starts at zero, whatever its clock says.
    """
    line = Timeline(float(compute_origin(container)))
    for packet in _date_packets(container.demux(stream)):
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None:
            continue
        base = float(packet.time_base)
        time = line.place(stamp * base, (packet.duration or 0) * base)
        shift = round(line.offset / base)
        packet.dts = stamp + shift
        packet.pts = packet.dts if packet.pts is None else packet.pts + shift
        packet.stream = copy
        yield time, packet


def _date_packets(packets: "Iterator[Packet[Stream]]") -> "Iterator[Packet[Stream]]":
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
