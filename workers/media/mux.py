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

from backend.core.errors import Permanent
from backend.media.container import opened, picture, sound
from workers.media.packets import Timed, add_copy, copies

CaptionsCodec = Literal["mov_text", "subrip", "webvtt"]


class Container(NamedTuple):
    """A kind of file: FFmpeg's name for it, its captions' codec, and how to put its index first."""

    format: str
    captions: CaptionsCodec
    options: dict[str, str]


CONTAINERS = {
    # As precise as the sound's clock, so that the edit lists are.
    "mp4": Container("mp4", "mov_text", {"movflags": "+faststart", "movie_timescale": "48000"}),
    "mkv": Container("matroska", "subrip", {"cues_to_front": "1"}),
    "webm": Container("webm", "webvtt", {"cues_to_front": "1"}),
}
MIMES = {"mp4": "video/mp4", "mkv": "video/x-matroska", "webm": "video/webm"}
# What plays everywhere when it is in MP4. FFmpeg would write more, but players refuse it.
MP4_CODECS = frozenset(
    ("h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac")
)
WEBM_CODECS = frozenset(("vp8", "vp9", "av1", "vorbis", "opus"))


Input = tuple[InputContainer, str]  # with its language


class Track(NamedTuple):
    """A dub (M4A or Ogg) or captions (WebVTT); `language` is an ISO 639-2/T code."""

    path: Path
    language: str


def suffix_for(format_name: str, codecs: set[str]) -> str | None:
    """The kind of file for a source of this format with these codecs (FFmpeg's names).

    MP4 where it carries them, but Matroska stays Matroska and WebM WebM; None if nothing does.
    """
    matroska = "matroska" in format_name
    if matroska and codecs <= WEBM_CODECS:
        return "webm"
    if not matroska and codecs <= MP4_CODECS:
        return "mp4"
    with av.open(os.devnull, "w", format="matroska") as empty:
        return "mkv" if codecs <= empty.supported_codecs else None


def mux(
    source: Path,
    out: Path,
    *,
    dubs: Sequence[Track],
    captions: Sequence[Track],
    source_language: str,
    progress: Callable[[float], None],
) -> None:
    """Write `out`, whose suffix is one of `CONTAINERS`; `progress` gets seconds.

    The first dub is the default track, the original sound the last. Languages are ISO 639-2/T
    codes. Raises `Permanent` when the source has no picture or its packets cannot be copied.
    """
    with ExitStack() as files:
        original = files.enter_context(opened(source))
        spoken = [(files.enter_context(opened(dub.path)), dub.language) for dub in dubs]
        written = [
            (files.enter_context(av.open(text.path, format="webvtt")), text.language)
            for text in captions
        ]
        target = files.enter_context(_target(out))
        # The order of the tracks is that in which they are added here.
        kept = _picture(target, original)
        feeds = _dubs(target, spoken)
        kept |= _sound(target, original, source_language)
        feeds += _captions(target, written, CONTAINERS[out.suffix[1:]].captions)
        for time, packet in merge(copies(original, kept), *feeds, key=itemgetter(0)):
            target.mux(packet)
            progress(time)


@contextmanager
def _target(out: Path) -> Iterator[OutputContainer]:
    kind = CONTAINERS[out.suffix[1:]]
    try:
        with av.open(out, "w", format=kind.format, options=kind.options) as target:
            yield target
    except av.FFmpegError as error:
        raise Permanent(
            f"The picture cannot be copied into {out.name} ({error.strerror}): the source is "
            "damaged or unusual. Convert it to H.264 in MP4 and try again."
        ) from error


def _picture(target: OutputContainer, original: InputContainer) -> dict[int, Stream]:
    shown = picture(original)
    if shown is None:
        raise Permanent("A dubbed video needs a picture.")
    return {shown.index: add_copy(target, shown, Disposition.default)}


def _sound(target: OutputContainer, original: InputContainer, language: str) -> dict[int, Stream]:
    heard = sound(original)
    if heard is None:
        return {}
    return {heard.index: add_copy(target, heard, Disposition.original, language)}


def _dubs(target: OutputContainer, spoken: Sequence[Input]) -> list[Iterator[Timed]]:
    feeds: list[Iterator[Timed]] = []
    for dub, language in spoken:
        stream = dub.streams.audio[0]
        disposition = Disposition(0) if feeds else Disposition.default
        copy = add_copy(target, stream, disposition, language)
        feeds.append(copies(dub, {stream.index: copy}))
    return feeds


def _captions(
    target: OutputContainer, written: Sequence[Input], codec: CaptionsCodec
) -> Iterator[Iterator[Timed]]:
    for captions, language in written:
        stream = captions.streams.subtitles[0]
        if codec == "webvtt":  # FFmpeg's encoder of it does not escape
            copy = add_copy(target, stream, Disposition(0), language)
            yield copies(captions, {stream.index: copy})
        else:
            yield _encoded(captions, stream, _texts(target, codec, stream, language))


def _texts(
    target: OutputContainer, codec: CaptionsCodec, like: SubtitleStream, language: str
) -> SubtitleStream:
    like.codec_context.open()
    texts = target.add_stream(codec)
    texts.codec_context.subtitle_header = like.codec_context.subtitle_header
    texts.metadata["language"] = language
    texts.disposition = Disposition(0)
    return texts


def _encoded(
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
