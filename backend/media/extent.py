"""How much of a recording is there, packet by packet, and how much of it the file promises."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import unpack_from
from typing import Any, BinaryIO, NamedTuple

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from backend.media.container import compute_origin, demux_packets
from backend.media.timeline import Timeline

# A shorter pause in the times is a clock that jitters; it goes unnoticed as silence.
SHORTEST_GAP = 0.5
# Formats without a header that tells a length: what FFmpeg tells is a guess by the bit rate.
GUESSED = ("aac", "ac3", "amr", "dts", "eac3", "mpeg", "truehd")
GUESSED_NEAR = 0.02  # of the length: an MP3 file's is a guess, too, if it fits its size so well
# What a WAV file promises whose length was not known, or not written, when it began.
UNTOLD_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)


class Gap(NamedTuple):
    """Seconds of the recording in which there is no sound at all."""

    start: float
    end: float


class Extent(NamedTuple):
    """When `audio` and `video` end, in seconds (0.0 without packets), and what sound is missing."""

    ends: dict[str, float]
    gaps: tuple[Gap, ...]


def measure_extent(
    container: InputContainer, streams: Sequence[AudioStream | VideoStream]
) -> Extent:
    """Read all of the file; nothing is decoded."""
    lines = {stream.type: Timeline(float(compute_origin(container))) for stream in streams}
    longest = dict.fromkeys(lines, 0.0)
    gaps: list[Gap] = []
    for packet in demux_packets(container, *streams):
        if not packet.size:
            continue
        kind, length = packet.stream.type, _compute_length(packet)
        longest[kind] = max(longest[kind], length)
        stamp = packet.dts if packet.pts is None else packet.pts
        start = None if stamp is None else float(stamp * packet.time_base)
        before = lines[kind].end
        # Some muxers have taken the padding off the last packet's length, some have not.
        begun = lines[kind].place(start, min(length, longest[kind] - _read_padding(packet)))
        if kind == "audio" and begun - before > SHORTEST_GAP:
            gaps.append(Gap(before, begun))
    return Extent({kind: max(0.0, line.end) for kind, line in lines.items()}, tuple(gaps))


def _compute_length(packet: "Packet[Any]") -> float:
    """Seconds that the packet says it lasts, or a frame of a picture."""
    if not packet.duration and isinstance(packet.stream, VideoStream):
        return float(1 / packet.stream.average_rate) if packet.stream.average_rate else 0.0
    return float((packet.duration or 0) * packet.time_base)


def _read_padding(packet: "Packet[Any]") -> float:
    """Seconds of encoder padding at the packet's end (FFmpeg's AV_PKT_DATA_SKIP_SAMPLES)."""
    if not packet.has_sidedata("skip_samples"):
        return 0.0
    _skipped, padding = unpack_from("<II", bytes(packet.get_sidedata("skip_samples")))
    return float(padding / packet.stream.codec_context.sample_rate)


def read_declared_length(path: Path, container: InputContainer) -> float | None:
    """How long the file says that it lasts, in seconds, if it says so.

    FFmpeg takes a WAV file that was cut off for a whole one, and guesses an AVI file's length.
    """
    if container.format.name in GUESSED or _is_guess(container):
        return None
    lengths = [*map(_read_stream_length, container.streams), _read_wav_length(path)]
    if container.duration:
        lengths.append(container.duration / av.time_base)
    return max(filter(None, lengths), default=None)


def _is_guess(container: InputContainer) -> bool:
    if container.format.name != "mp3" or not container.duration:
        return False
    rate = container.streams.audio[0].codec_context.bit_rate or 0
    guess = container.size * 8 * av.time_base / rate if rate else 0
    return abs(guess - container.duration) < GUESSED_NEAR * container.duration


def _read_stream_length(stream: Stream) -> float | None:
    if not isinstance(stream, AudioStream | VideoStream):
        return None
    if stream.container.format.name == "avi" and isinstance(stream, VideoStream):
        return float(stream.frames / stream.average_rate) if stream.average_rate else None
    return (
        float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    )


def _read_wav_length(path: Path) -> float | None:
    """By the chunks `fmt ` and `data` (RIFF, WAVEFORMATEX: bytes a second)."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or not file.read(8).endswith(b"WAVE"):
            return None
        a_second = 0
        for kind, size in _read_chunks(file):
            if kind == b"fmt ":
                _, _, _, a_second = unpack_from("<HHII", file.read(12))
            if kind == b"data":
                return size / a_second if a_second and size not in UNTOLD_SIZES else None
    return None


def _read_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and size of each; the file stands where its content begins."""
    while len(head := file.read(8)) == 8:  # noqa: PLR2004
        kind, size = unpack_from("<4sI", head)
        begun = file.tell()
        yield kind, size
        file.seek(begun + size + size % 2)
