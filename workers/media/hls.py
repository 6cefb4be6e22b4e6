"""The streams of an HLS package: repackaged where players take them as they are, else encoded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.stream import Stream as AnyStream
from av.video.stream import VideoStream

from backend.errors import Permanent
from backend.hls.index import MediaSegment, Stream
from backend.media.container import find_audio_stream, find_video_stream, open_media
from backend.media.tracks import ANY, TrackWish
from workers.audio.samples import RATE
from workers.media.decode import TOLERANCE, decode_blocks
from workers.media.encode import encode_m4a, tell_progress
from workers.media.fmp4 import PICTURE, SOUND, describe_stream, open_fragmented
from workers.media.h264 import encode_picture as h264
from workers.media.packets import Timed, add_copy, copy_packets

# What players decode where they know the codec at all.
PIXELS: Mapping[str, tuple[str, ...]] = {
    "h264": ("yuv420p", "yuvj420p"),
    "hevc": ("yuv420p", "yuvj420p", "yuv420p10le"),
    "vp9": ("yuv420p", "yuv420p10le"),
    "av1": ("yuv420p", "yuv420p10le"),
}
COPIED, H264 = tuple(PIXELS), ("h264",)
# Where HEVC's configuration counts its arrays of parameter sets (ISO/IEC 14496-15, 8.3.3.1).
HEVC_ARRAYS = 22
# Further apart, seeking takes too long, and a segment gets too big. Encoders put 250 frames between
# keyframes by default, which are 10.4 s of cinema.
LONGEST_GAP = 12.0
UNTOLD = "und"  # playlists tell the language

# How WebVTT says that its clock is the media's (RFC 8216, 3.5).
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"

Progress = Callable[[float], None]  # gets seconds


class _UnusableError(Exception):
    """The stream cannot be taken as it is."""


def write_video(
    source: Path, out: Path, progress: Progress, codecs: Sequence[str] = COPIED
) -> Stream:
    """Write the picture as fragmented MP4; `progress` gets seconds.

    It is copied if it is coded in one of `codecs` as players decode it, with a keyframe at least
    each `LONGEST_GAP` seconds, and encoded as H.264 otherwise.
    """
    try:
        independent = _copy_video(source, out, progress, codecs)
    except _UnusableError:
        independent = True
        _encode_video(source, out, progress)
    return describe_stream(out).model_copy(update={"independent": independent})


def write_audio(source: Path, out: Path, progress: Progress, *, track: TrackWish = ANY) -> Stream:
    """Write the sound as fragmented MP4, aligned to the sample; `progress` gets seconds.

    It is copied if it is AAC (LC) without a pause, and encoded as such otherwise.
    """
    try:
        _copy_audio(source, out, progress, track)
    except _UnusableError:
        with NamedTemporaryFile(dir=out.parent, suffix=".m4a") as file:
            encoded, sound = Path(file.name), decode_blocks(source, RATE, 2, track=track)
            encode_m4a(tell_progress(sound, progress), UNTOLD, encoded)
            _copy_audio(encoded, out, lambda _: None, ANY)
    return describe_stream(out)


def write_subtitles(vtt: Path, out: Path, duration: float) -> Stream:
    """Write captions (WebVTT) as one segment of `duration` seconds, on the media's clock."""
    text = vtt.read_text(encoding="utf-8")
    out.write_text(text.replace("WEBVTT\n", f"WEBVTT\n{TIMESTAMP_MAP}\n", 1), encoding="utf-8")
    return Stream(segments=(MediaSegment(duration=duration, size=out.stat().st_size),))


def _copy_video(source: Path, out: Path, progress: Progress, codecs: Sequence[str]) -> bool:
    """Returns whether all of each group of pictures can be decoded without another one."""
    with open_media(source) as container:
        stream = _find_picture(container)
        codec = stream.codec_context.codec.canonical_name
        if codec not in codecs or not _can_be_played(stream, codec):
            raise _UnusableError
        groups = _Groups(may_be_open=codec == "hevc")
        with open_fragmented(out, PICTURE) as target:
            copy = add_copy(target, stream, Disposition.default)
            if codec == "hevc":
                copy.codec_context.codec_tag = "hvc1"  # the only name that Apple's players take
            for time, packet in groups.check(copy_packets(container, stream, copy)):
                target.mux(packet)
                progress(time)
        return not groups.open


def _can_be_played(stream: VideoStream, codec: str) -> bool:
    """Not HEVC that brings its parameters within the stream only: players want them before."""
    config = stream.codec_context.extradata or b""
    lacking = codec == "hevc" and config[:1] == b"\x01" and not config[HEVC_ARRAYS]
    return stream.codec_context.pix_fmt in PIXELS[codec] and not lacking


@dataclass
class _Groups:
    """Groups of pictures, each a keyframe and what follows it; `open` tells that one of them is.

    After an open one's keyframe come pictures that are shown before it and need the group before.
    Decoders of HEVC leave these out when they begin there, and x265 makes such groups unless told
    not to; those of H.264 in browsers cannot begin there.
    """

    may_be_open: bool
    open: bool = False

    def check(self, packets: Iterable[Timed]) -> Iterator[Timed]:
        """The packets, from zero; raises `_UnusableError` where nothing can begin for too long."""
        first: float | None = None
        key = 0.0
        for time, packet in packets:
            if first is None:
                _begin_at_zero(packet)
            shown = (packet.pts or 0) * float(packet.time_base)
            if packet.is_keyframe:
                key, first = shown, shown if first is None else first
            self.open |= shown < key
            if first is None or not self._can_show(shown, first, key):
                raise _UnusableError
            yield time, packet

    def _can_show(self, shown: float, first: float, key: float) -> bool:
        early = first if self.may_be_open else key
        return early <= shown <= key + LONGEST_GAP


def _begin_at_zero(first: "Packet[AnyStream]") -> None:
    """Show the first picture from the start: players take a late one for the start.

    Raises `_UnusableError` where an edit list hides it: players skip all that depends on it.
    """
    shown = first.pts or 0
    if shown < 0 and shown + (first.duration or 0) <= 0:
        raise _UnusableError
    first.pts, first.dts = 0, (first.dts or 0) - max(0, shown)


def _encode_video(source: Path, out: Path, progress: Progress) -> None:
    with open_media(source) as container, open_fragmented(out, PICTURE) as target:
        for time in h264(container, target):
            progress(time)


def _find_picture(container: InputContainer) -> VideoStream:
    found = find_video_stream(container)
    if found is None:
        raise Permanent("The recording has no picture to stream.")
    return found


def _copy_audio(source: Path, out: Path, progress: Progress, track: TrackWish) -> None:
    with open_media(source) as container:
        stream = find_audio_stream(container, track)
        if stream is None or not _is_plain_aac(stream):
            raise _UnusableError
        with open_fragmented(out, SOUND) as target:
            copy = add_copy(target, stream, Disposition.default)
            for time, packet in _check_gapless(copy_packets(container, stream, copy)):
                target.mux(packet)
                progress(time)


def _is_plain_aac(stream: AudioStream) -> bool:
    """Not so with a header in each packet, as in MPEG-TS: FFmpeg fails to fragment that."""
    codec = stream.codec_context
    return codec.name == "aac" and codec.profile == "LC" and bool(codec.extradata)


def _check_gapless(packets: Iterable[Timed]) -> Iterator[Timed]:
    """The packets; raises `_UnusableError` where sound begins late or pauses: players differ."""
    end = 0.0
    for time, packet in packets:
        if time > end + TOLERANCE:
            raise _UnusableError
        end = time + (packet.duration or 0) * float(packet.time_base)
        yield time, packet
