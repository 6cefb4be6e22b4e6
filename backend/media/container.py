"""Opening a user's media file: whatever it says about itself, nothing but its own bytes is read."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from backend.errors import Permanent
from backend.media.limits import MOST_HEADER_BYTES, MOST_PIXELS
from backend.media.tracks import ANY, SoundTrack, TrackWish, choose_track
from backend.process.disk_errors import REMEDIES
from backend.process.interrupt import check_interrupt

# Demuxers of self-contained files. Left out are all that read what another file or address
# holds (hls, dash, concat, sdp, image2, lavfi, ...): a playlist must not fetch for its author.
DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,gsm,matroska,mov,mp3,mpeg,mpegts,"
    "mpc,mpc8,mxf,ogg,tak,truehd,tta,w64,wav,wv"
)

OPTIONS = {
    "format_whitelist": DEMUXERS,
    "protocol_whitelist": "none",  # there is no such protocol: the bytes come from our open file
}

HEADS = (
    (b"#EXTM3U", "is a playlist"),
    (b"ffconcat version", "is a playlist"),
    (b"[playlist]", "is a playlist"),
    (b"v=0", "is a session description"),
    (b"<?xml", "is an XML document"),
)


# Tracks that talk about the film instead of being its sound.
BESIDE_MAIN = (
    Disposition.comment
    | Disposition.visual_impaired
    | Disposition.descriptions
    | Disposition.karaoke
    | Disposition.dub
)


AnyStream = TypeVar("AnyStream", bound=Stream)

# What decoders refuse to take, whatever a single picture says of itself; those of whole recordings
# are measured before (`backend.media.limits`).
DECODING = {"max_pixels": str(MOST_PIXELS)}
# A single picture may be so many times as large as its file says, and this large in any case.
BEYOND_TOLD, SMALL = 4, 1 << 22

NAMELESS = "<none>"  # what PyAV calls a file without a name
CANNOT_CONVERT = (
    "can be read, but what is made of it cannot be written: convert it to H.264 and AAC in MP4"
)


class _NamelessFile:
    """An open file without its name, so that content alone decides what the file is.

    Given the name, FFmpeg takes random bytes called `.mp3` for music. Until it is `opened` no more
    than so much is read: FFmpeg keeps tags, covers and attachments in memory.
    """

    def __init__(self, file: BinaryIO, called: str) -> None:
        self._file, self._called = file, called
        self.seek = file.seek
        self.tell = file.tell
        self.opened = False
        self.stopped: Exception | None = None
        self._taken = 0

    def read(self, size: int) -> bytes:
        """The next bytes; none any more once something stops the reading, which is kept."""
        if self.stopped:
            return b""
        try:
            check_interrupt()
            block = self._file.read(size)
            self._count(len(block))
        except Exception as error:
            self.stopped = error
            raise
        return block

    def _count(self, size: int) -> None:
        self._taken += size
        if not self.opened and self._taken > MOST_HEADER_BYTES:
            most = MOST_HEADER_BYTES >> 20
            raise Permanent(
                f"{self._called} has more than {most} MB of tags, covers and attachments before "
                "anything to hear: take those out (ffmpeg -i IN -map 0:v? -map 0:a "
                "-map_metadata -1 -c copy OUT)"
            )


@contextmanager
def open_media(path: Path, name: str = "") -> Iterator[InputContainer]:
    """The container in the file; `name` is what the user calls it, for messages.

    Raises `Permanent` when it is empty, damaged, of an unknown format or points elsewhere, also
    when FFmpeg gives up on it inside the `with` block. An error of the disk that something is
    written to passes, and one of what is made of the file is told as such.
    """
    with path.open("rb") as file:
        head = file.read(64)
        file.seek(0)
        bare = _NamelessFile(file, name or path.name)
        try:
            with av.open(
                bare, "r", options=DECODING, container_options=OPTIONS, metadata_errors="replace"
            ) as container:
                bare.opened = True
                yield container
        except av.FFmpegError as error:
            if bare.stopped:
                raise bare.stopped from error
            if _is_of_disk(error):
                raise
            told = diagnose_head(head) if _is_of_input(error) else CANNOT_CONVERT
            raise Permanent(f"{name or path.name} {told}") from error
        if bare.stopped:  # FFmpeg took it for the end of the file
            raise bare.stopped


def _is_of_disk(error: av.FFmpegError) -> bool:
    """Whether an output's disk failed: the input comes from an open file.

    What is not permitted is also what FFmpeg's functions tell that give no reason (-1).
    """
    return error.errno in REMEDIES and (error.errno != errno.EPERM or not _is_of_input(error))


def _is_of_input(error: av.FFmpegError) -> bool:
    """Whether it came up in reading: a decoder's has no name, an encoder's is of other kinds."""
    if error.filename:
        return bool(error.filename == NAMELESS)
    return isinstance(error, av.InvalidDataError) or error.errno == errno.EPERM


def demux_packets(container: InputContainer, *streams: AnyStream) -> "Iterator[Packet[AnyStream]]":
    """All packets that can be read, however damaged the file is; an empty one is each stream's end.

    What cannot be read is passed over as long as anything comes after it.
    """
    came = True
    while came:
        came = False
        try:
            for packet in container.demux(*streams):
                came = True
                yield cast("Packet[AnyStream]", packet)
        except av.FFmpegError:
            continue  # of the file: its disk's errors are Python's own
        else:
            return


def diagnose_head(head: bytes) -> str:
    """Why a file that begins with these bytes could not be read, and what to do about it."""
    if not head:
        return "is empty: upload the recording again."
    for start, what in HEADS:
        if head.lstrip().startswith(start):
            return f"{what}, not a recording: upload the media file that it points to."
    if head[4:8] == b"ftyp":
        return (
            "is incomplete or damaged: its index (the moov box) is missing or cannot be read. "
            "The recording or a copy of it was cut short: export it again and upload all of it."
        )
    return (
        "cannot be read as audio or video: it is damaged or of an unknown format. "
        "Check that it plays, or convert it to WAV, FLAC, MP3, M4A, MP4, MKV or WebM."
    )


def find_audio_stream(container: InputContainer, wish: TrackWish = ANY) -> AudioStream | None:
    """The audio stream that is wanted (`backend.media.tracks`), or None."""
    streams = container.streams.audio
    number = choose_track([_describe_track(stream) for stream in streams], wish)
    return None if number is None else streams[number - 1]


def _describe_track(stream: AudioStream) -> SoundTrack:
    place = stream.disposition
    return SoundTrack(
        language=stream.language,
        main=not place & BESIDE_MAIN,
        original=bool(place & Disposition.original),
        default=bool(place & Disposition.default),
        sounds=bool(stream.codec_context and stream.codec_context.sample_rate),
    )


def find_video_stream(container: InputContainer) -> VideoStream | None:
    """The first moving picture, or None: the cover image of an album is not one."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = (s for s in container.streams.video if not s.disposition & still)
    found = next((s for s in streams if s.codec_context), None)
    if found:
        most = max(SMALL, BEYOND_TOLD * found.width * found.height)
        found.codec_context.options = {"max_pixels": str(most)}
    return found


def compute_origin(container: InputContainer) -> Fraction:
    """Where on the container's clock the recording begins, in seconds.

    That is where its first stream starts, as players have it: broadcast clocks start anywhere.
    What lies before zero is codec priming, which is never heard.
    """
    return max(Fraction(container.start_time or 0, av.time_base), Fraction(0))
