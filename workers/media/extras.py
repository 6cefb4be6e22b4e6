"""What a recording holds besides the picture and the sound that are dubbed, carried over.

Its tags, chapters, subtitles, fonts and cover go into the film made of it wherever the film's
container takes them. A film stands still at its holds, so that all of it moves with its clock.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Discard, Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from backend.documents.languages import find_iso639_2
from backend.media.container import compute_origin, demux_packets, find_video_stream, open_media
from workers.media.packets import Timed, add_copy, name_stream, read_title
from workers.media.texts import CaptionsCodec, Write, copy_texts, encode_texts
from workers.timing.holds import DubClock

# Of the file, not of what is in it.
TECHNICAL = frozenset(
    (
        *("compatible_brands", "duration", "encoder", "major_brand", "minor_version"),
        *("software", "vendor_id"),
    )
)
COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
UNTOLD = "und"


class Extras(NamedTuple):
    """The packets of what goes into the film, and what does not, each named in a few words."""

    feed: Iterator[Timed]
    left: list[str]


def add_extras(
    source: Path,
    film: InputContainer,
    target: OutputContainer,
    captions: CaptionsCodec,
    clock: DubClock,
) -> Extras:
    """Add to `target` what `film`, opened from `source`, holds besides picture and sound.

    `captions` is the codec for texts that the container does not take as they are.
    """
    target.metadata.update(select_tags(film.metadata))
    target.set_chapters(_move_chapters(film, clock))
    writes: dict[int, Write] = {}
    left = []
    for number, stream in enumerate(film.streams):
        try:
            write = _add_stream(source, film, stream, target, captions)
        except ValueError:
            left.append(f"stream {number} ({_describe_stream(stream)})")
        else:
            writes |= {stream.index: write} if write else {}
    return Extras(_feed_packets(film, writes, clock), left)


def select_tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """What tells of the content: title, artist, date, place, ..."""
    return {name: text for name, text in metadata.items() if name.lower() not in TECHNICAL}


def list_lost_tags(film: InputContainer, made: Path) -> list[str]:
    """Tags that the container of the finished file has no place for."""
    with open_media(made) as written:
        kept = {name.lower() for name in written.metadata}
    return [f"the tag {name}" for name in select_tags(film.metadata) if name.lower() not in kept]


def _move_chapters(film: InputContainer, clock: DubClock) -> list[Any]:
    origin = compute_origin(film)

    def move(time: int, base: Fraction | None) -> int:
        base = base or Fraction(1, av.time_base)
        return round(clock.find_dub_time(max(0.0, float(time * base - origin))) / base)

    return [
        {
            **chapter,
            "start": move(chapter["start"], chapter["time_base"]),
            "end": move(chapter["end"], chapter["time_base"]),
        }
        for chapter in film.chapters()
    ]


def _add_stream(
    source: Path,
    film: InputContainer,
    stream: Stream,
    target: OutputContainer,
    captions: CaptionsCodec,
) -> Write | None:
    """How its packets are written, if there are any; raises `ValueError` if it must stay behind."""
    if isinstance(stream, SubtitleStream):
        return _add_subtitles(target, stream, captions)
    if isinstance(stream, AttachmentStream):
        _attach(target, stream.name or "", stream.mimetype or "", stream.data)
        return None
    if isinstance(stream, VideoStream) and stream != find_video_stream(film):
        return _add_still(source, stream, target)
    # Sound is chosen elsewhere; chapters are written anew, and so is the time code.
    if stream.type in ("audio", "video") or stream.discard == Discard.all:
        return None
    if stream.metadata.get("timecode"):
        return None
    raise ValueError("data that only its maker knows")


def _add_subtitles(
    target: OutputContainer, stream: SubtitleStream, captions: CaptionsCodec
) -> Write:
    try:
        texts, write = copy_texts(target, stream)
    except ValueError:
        texts, write = encode_texts(target, stream, captions)
    # Those that are shown by default would lie over the captions of the dub.
    texts.disposition = stream.disposition & ~Disposition.default
    name_stream(texts, find_iso639_2(stream.language) or UNTOLD, read_title(stream))
    return write


def _add_still(source: Path, stream: VideoStream, target: OutputContainer) -> Write | None:
    """A cover; further moving pictures stay behind."""
    if stream.disposition & Disposition.timed_thumbnails:
        return None
    codec = stream.codec_context.name if stream.codec_context else ""
    if not stream.disposition & Disposition.attached_pic or codec not in COVERS:
        raise ValueError("no cover")
    if target.format.name in ("mp4", "mov"):
        return _copy_cover(target, stream)
    name, mime = COVERS[codec]
    data = _read_cover(source, stream.index)
    _attach(target, stream.metadata.get("filename", name), mime, data)
    return None


def _copy_cover(target: OutputContainer, stream: VideoStream) -> Write:
    copy = add_copy(target, stream, Disposition.attached_pic)

    def write(packet: "Packet[Any]") -> "Packet[Any]":
        packet.stream = copy
        return packet

    return write


def _attach(target: OutputContainer, name: str, mime: str, data: bytes) -> None:
    if target.format.name != "matroska":
        raise ValueError("only Matroska has attachments")
    target.add_attachment(name, mime, data)


def _read_cover(source: Path, index: int) -> bytes:
    with open_media(source) as film:
        return bytes(next(film.demux(film.streams[index])))


def _describe_stream(stream: Stream) -> str:
    """For people: `subtitle, pgssub, eng`."""
    codec = stream.codec_context.name if stream.codec_context else stream.name
    told = (stream.type, codec, stream.language)
    return ", ".join(filter(None, told))


def _feed_packets(
    film: InputContainer, writes: Mapping[int, Write], clock: DubClock
) -> Iterator[Timed]:
    """The packets in the order of the recording, each when the film gets to its time."""
    if not writes:
        return
    origin = float(compute_origin(film))
    for packet in demux_packets(film, *(film.streams[index] for index in writes)):
        if not packet.size:
            continue
        written = writes[packet.stream_index](packet)
        if written:
            yield _move_packet(written, origin, clock), written


def _move_packet(packet: "Packet[Any]", origin: float, clock: DubClock) -> float:
    """Returns when it is shown now, in seconds."""
    base = float(packet.time_base)
    start = max(0.0, (packet.pts or 0) * base - origin)
    shown, gone = map(clock.find_dub_time, (start, start + (packet.duration or 0) * base))
    packet.pts = packet.dts = round(shown / base)
    packet.duration = round((gone - shown) / base)
    return shown
