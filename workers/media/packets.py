"""Encoded packets on their way from one file to another, on the recording's own clock."""

from collections.abc import Iterator

from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from backend.media.container import compute_origin, demux_packets
from backend.media.timeline import Timeline

# A packet, and its place in decoding order in seconds.
Timed = tuple[float, "Packet[Stream]"]


def add_copy(
    target: OutputContainer,
    stream: AudioStream | VideoStream | SubtitleStream,
    disposition: Disposition,
) -> Stream:
    """A stream in `target` for the packets of `stream`, which tells its language, if known.

    Raises `ValueError` or an error of FFmpeg's, at the latest when packets come, where the
    container does not take them.
    """
    try:
        # opaque: otherwise PyAV looks for an encoder of the codec, which AV1 may not have
        copy = target.add_stream_from_template(stream, opaque=True)
    except ValueError:
        if not isinstance(stream, VideoStream):
            raise
        return _add_unlisted(target, stream, disposition)
    # Apple's players refuse FFmpeg's default, hev1; of raw pictures the tag tells what they are.
    if stream.codec_context.codec_tag == "hvc1" or stream.codec_context.name == "rawvideo":
        copy.codec_context.codec_tag = stream.codec_context.codec_tag
    return _tell_of(copy, stream, disposition)


def _add_unlisted(target: OutputContainer, stream: VideoStream, disposition: Disposition) -> Stream:
    """For a picture that the muxer writes, as AVI would, though it does not list its codec."""
    copy = target.add_mux_stream(target.default_video_codec, stream.average_rate)
    copy.time_base = stream.time_base
    BitStreamFilterContext("null", stream, copy)  # hands on what is known of the codec
    return _tell_of(copy, stream, disposition)


def _tell_of(copy: Stream, stream: Stream, disposition: Disposition) -> Stream:
    copy.disposition = disposition
    if stream.language:
        copy.metadata["language"] = stream.language
    return copy


def read_title(stream: Stream) -> str:
    """What the track is called; MP4 files have that for their handler's name."""
    handler = stream.metadata.get("handler_name", "")
    return stream.metadata.get("title") or ("" if handler.endswith("Handler") else handler)


def name_stream(stream: Stream, language: str, title: str) -> None:
    """Say what people find the track by; `language` is an ISO 639-2/T code."""
    stream.metadata["language"] = language
    if title:
        iso = stream.container.format.name in ("mp4", "mov")
        stream.metadata["handler_name" if iso else "title"] = title


def copy_packets(container: InputContainer, stream: Stream, copy: Stream) -> Iterator[Timed]:
    """The packets of a stream, for the one that they are to go to.

    The recording starts at zero, whatever its clock says.
    """
    line = Timeline(float(compute_origin(container)))
    for packet in _date_packets(demux_packets(container, stream)):
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
