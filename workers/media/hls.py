"""The streams of an HLS package: repackaged where players take them as they are, else encoded."""

from collections.abc import Callable, Iterable, Iterator
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

# What decoders in browsers take.
PIXELS = ("yuv420p", "yuvj420p")
# Further apart, seeking takes too long, and a segment gets too big.
LONGEST_GAP = 10.0
UNTOLD = "und"  # playlists tell the language

# How WebVTT says that its clock is the media's (RFC 8216, 3.5).
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"

Progress = Callable[[float], None]  # gets seconds


class _UnusableError(Exception):
    """The stream cannot be taken as it is."""


def write_video(source: Path, out: Path, progress: Progress) -> Stream:
    """Write the picture as fragmented MP4; `progress` gets seconds.

    It is copied if it is H.264 that browsers decode, with closed groups of pictures of at most
    `LONGEST_GAP` seconds, and encoded as such otherwise.
    """
    try:
        _copy_video(source, out, progress)
    except _UnusableError:
        _encode_video(source, out, progress)
    return describe_stream(out)


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


def _copy_video(source: Path, out: Path, progress: Progress) -> None:
    with open_media(source) as container:
        stream = _find_picture(container)
        codec = stream.codec_context
        if codec.name != "h264" or codec.pix_fmt not in PIXELS:
            raise _UnusableError
        with open_fragmented(out, PICTURE) as target:
            copy = add_copy(target, stream, Disposition.default)
            for time, packet in _check_seekable(copy_packets(container, stream, copy)):
                target.mux(packet)
                progress(time)


def _check_seekable(packets: Iterable[Timed]) -> Iterator[Timed]:
    """The packets, from zero; raises `_UnusableError` where keyframes are too rare or open.

    After an open one come pictures that are shown before it, so that nothing can begin there.
    """
    key: float | None = None
    for time, packet in packets:
        if key is None:
            _begin_at_zero(packet)
        shown = (packet.pts or 0) * float(packet.time_base)
        if packet.is_keyframe:
            key = shown
        if key is None or not 0 <= shown - key <= LONGEST_GAP:
            raise _UnusableError
        yield time, packet


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
