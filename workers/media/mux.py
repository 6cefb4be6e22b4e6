"""The dubbed video as one file: the picture as it is, dubs, the original sound, captions."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

import av
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream

from backend.errors import Permanent
from backend.media.container import find_audio_stream, find_video_stream, open_media
from backend.media.tracks import ANY, TrackWish
from backend.process.disk_errors import REMEDIES
from workers.audio.samples import RATE
from workers.media.decode import TOLERANCE
from workers.media.packets import Timed, add_copy, copy_packets

CaptionsCodec = Literal["mov_text", "subrip", "webvtt"]


class ContainerFormat(NamedTuple):
    """A kind of file: FFmpeg's name for it, its captions' codec, and how to put its index first."""

    format: str
    captions: CaptionsCodec
    options: dict[str, str]


CONTAINERS = {
    # As precise as the sound's clock, so that the edit lists are.
    "mp4": ContainerFormat(
        "mp4", "mov_text", {"movflags": "+faststart", "movie_timescale": str(RATE)}
    ),
    "mkv": ContainerFormat("matroska", "subrip", {"cues_to_front": "1"}),
    "webm": ContainerFormat("webm", "webvtt", {"cues_to_front": "1"}),
}
# What plays everywhere when it is in MP4. FFmpeg would write more, but players refuse it.
MP4_CODECS = frozenset(
    ("h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac")
)
WEBM_CODECS = frozenset(("vp8", "vp9", "av1", "vorbis", "opus"))


class Track(NamedTuple):
    """Sound or captions (WebVTT); `language` is an ISO 639-2/T code, `title` for people.

    `chosen` tells which of the file's sound tracks is meant.
    """

    path: Path
    language: str
    title: str = ""
    chosen: TrackWish = ANY


def choose_container(format_name: str, shown: str, heard: str | None) -> str:
    """The kind of file for a source of this format, picture and sound (FFmpeg's names).

    MP4 where it carries the picture, whatever the sound; but Matroska stays Matroska and WebM WebM.
    """
    matroska, codecs = "matroska" in format_name, {shown, heard or shown}
    if matroska and codecs <= WEBM_CODECS:
        return "webm"
    return "mp4" if not matroska and shown in MP4_CODECS else "mkv"


def can_carry_picture(film: Path, suffix: str) -> bool:
    """Whether the muxer takes the picture, which only the muxer knows."""
    kind = CONTAINERS[suffix]
    with open_media(film) as shown, av.open(os.devnull, "w", format=kind.format) as empty:
        picture = find_video_stream(shown)
        if picture is None:
            return False
        try:
            add_copy(empty, picture, Disposition.default)
            empty.start_encoding()
        except (av.FFmpegError, ValueError):
            return False
    return True


def carries_sound(suffix: str, codec: str) -> bool:
    """Whether players expect sound of this codec in such a file."""
    if suffix == "mp4":
        return codec in MP4_CODECS
    with av.open(os.devnull, "w", format=CONTAINERS[suffix].format) as empty:
        return codec in empty.supported_codecs


def hides_start(film: Path) -> bool:
    """Whether an edit list hides more than a picture before zero: only MP4 has such lists."""
    with open_media(film) as container:
        first = next(container.demux(find_video_stream(container)))
        return (first.pts or 0) + (first.duration or 0) < 0


def mux_film(
    film: Path,
    out: Path,
    *,
    dubs: Sequence[Track],
    original: Track | None,
    captions: Sequence[Track],
    progress: Callable[[float], None],
) -> None:
    """Write the picture of `film` and these tracks to `out`, whose suffix is in `CONTAINERS`.

    The first dub is the default track, the original sound the last; `progress` gets seconds.
    Raises `Permanent` when there is no picture or the packets cannot be copied.
    """
    kind = CONTAINERS[out.suffix[1:]]
    with ExitStack() as files:
        shown = files.enter_context(open_media(film))
        heard = [
            (files.enter_context(open_media(track.path)), track)
            for track in (*dubs, original)
            if track
        ]
        written = [
            (files.enter_context(av.open(text.path, format="webvtt")), text) for text in captions
        ]
        target = files.enter_context(_open_target(out, kind))
        # The order of the tracks is that in which they are added here.
        feeds = [_copy_picture(target, shown)]
        feeds += [
            _copy_sound(target, file, track, _place_packets(track, dubs)) for file, track in heard
        ]
        feeds += [_add_captions(target, file, text, kind.captions) for file, text in written]
        for time, packet in merge(*feeds, key=itemgetter(0)):
            target.mux(packet)
            progress(time)


@contextmanager
def _open_target(out: Path, kind: ContainerFormat) -> Iterator[OutputContainer]:
    try:
        with av.open(out, "w", format=kind.format, options=kind.options) as target:
            yield target
    except av.FFmpegError as error:
        if error.errno in REMEDIES:
            raise
        raise Permanent(
            f"The picture cannot be copied into {out.name} ({error.strerror}): the source is "
            "damaged or unusual. Convert it to H.264 in MP4 and try again."
        ) from error


def _copy_picture(target: OutputContainer, film: InputContainer) -> Iterator[Timed]:
    shown = find_video_stream(film)
    if shown is None:
        raise Permanent("A dubbed video needs a picture.")
    return copy_packets(film, shown, add_copy(target, shown, Disposition.default))


def _place_packets(track: Track, dubs: Sequence[Track]) -> Disposition:
    if track not in dubs:
        return Disposition.original
    return Disposition.default if track is dubs[0] else Disposition(0)


def _copy_sound(
    target: OutputContainer, file: InputContainer, track: Track, place: Disposition
) -> Iterator[Timed]:
    stream = find_audio_stream(file, track.chosen)
    if stream is None:
        raise Permanent(f"{track.path.name} has no sound.")
    copy = _name_stream(add_copy(target, stream, place), track)
    # All that an edit list hides but the last packet or two, which decoders start up with: Matroska
    # has no such lists.
    return (timed for timed in copy_packets(file, stream, copy) if timed[0] > -TOLERANCE)


def _name_stream(stream: Stream, track: Track) -> Stream:
    stream.metadata["language"] = track.language
    if track.title:
        mp4 = stream.container.format.name == "mp4"
        stream.metadata["handler_name" if mp4 else "title"] = track.title
    return stream


def _add_captions(
    target: OutputContainer, file: InputContainer, text: Track, codec: CaptionsCodec
) -> Iterator[Timed]:
    stream = file.streams.subtitles[0]
    if codec == "webvtt":  # FFmpeg's encoder of it does not escape
        copy = _name_stream(add_copy(target, stream, Disposition(0)), text)
        return copy_packets(file, stream, copy)
    return _encode_texts(file, stream, _build_text_packets(target, codec, stream, text))


def _build_text_packets(
    target: OutputContainer, codec: CaptionsCodec, like: SubtitleStream, text: Track
) -> SubtitleStream:
    like.codec_context.open()
    texts = target.add_stream(codec)
    texts.codec_context.subtitle_header = like.codec_context.subtitle_header
    texts.disposition = Disposition(0)
    _name_stream(texts, text)
    return texts


def _encode_texts(
    captions: InputContainer, stream: SubtitleStream, texts: SubtitleStream
) -> Iterator[Timed]:
    for packet in captions.demux(stream):
        cue = stream.codec_context.decode2(packet) if packet.size else None
        if cue is None or packet.pts is None:
            continue
        encoded = texts.codec_context.encode_subtitle(cue)
        encoded.stream, encoded.time_base = texts, packet.time_base
        encoded.pts = encoded.dts = packet.pts
        encoded.duration = packet.duration
        yield float(packet.pts * packet.time_base), encoded
