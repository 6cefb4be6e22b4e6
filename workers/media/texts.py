"""Subtitles on their way into a film: as they are, or in the codec that its container takes."""

import re
from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import Any, Literal

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle, SubtitleSet

from workers.media.packets import add_copy

CaptionsCodec = Literal["mov_text", "subrip", "webvtt"]

# What a packet becomes in the film, at the same time; None if nothing is shown.
Write = Callable[["Packet[Any]"], "Packet[Any] | None"]
Texts = tuple[Stream, Write]

# What styles a text within ASS, as which FFmpeg's decoders give all texts.
STYLES = re.compile(r"\{\\[^}]*\}")
FIELDS_BEFORE_TEXT = 8


def copy_texts(target: OutputContainer, stream: SubtitleStream) -> Texts:
    """A stream in `target` for subtitles as they are.

    Raises `ValueError` where the container does not take them.
    """
    copy = add_copy(target, stream, Disposition(0))

    def write(packet: "Packet[Any]") -> "Packet[Any]":
        packet.stream = copy
        return packet

    return copy, write


def encode_texts(target: OutputContainer, stream: SubtitleStream, codec: CaptionsCodec) -> Texts:
    """A stream in `target` for texts of any codec, in this one.

    Raises `ValueError` where they are no texts but pictures, or cannot be decoded.
    """
    if not (stream.codec_context and stream.codec_context.codec.text_sub):
        raise ValueError("these subtitles are no texts")
    if codec != "webvtt":
        return _encode_by_ffmpeg(target, stream, codec)
    if stream.codec_context.name == "webvtt":
        return copy_texts(target, stream)
    return _format_webvtt(target, stream)


def _encode_by_ffmpeg(
    target: OutputContainer, stream: SubtitleStream, codec: CaptionsCodec
) -> Texts:
    stream.codec_context.open()
    texts: SubtitleStream = target.add_stream(codec)
    texts.codec_context.subtitle_header = stream.codec_context.subtitle_header
    texts.disposition = Disposition(0)

    def write(packet: "Packet[Any]") -> "Packet[Any] | None":
        cue = _decode_texts(stream, packet)
        return _place(texts.codec_context.encode_subtitle(cue), packet, texts) if cue else None

    return texts, write


def _format_webvtt(target: OutputContainer, stream: SubtitleStream) -> Texts:
    """FFmpeg's encoder of WebVTT does not escape."""
    texts = target.add_mux_stream("webvtt")
    texts.time_base, texts.disposition = stream.time_base, Disposition(0)

    def write(packet: "Packet[Any]") -> "Packet[Any] | None":
        cue = _decode_texts(stream, packet)
        text = "\n".join(map(_read_text, cue or ())).strip()
        return _place(Packet(escape(text, quote=False).encode()), packet, texts) if text else None

    return texts, write


def _decode_texts(stream: SubtitleStream, packet: "Packet[Any]") -> SubtitleSet | None:
    """The texts of a packet; a damaged one has none."""
    with suppress(av.InvalidDataError):
        cue = stream.codec_context.decode2(packet)
        return cue if cue and any(map(_read_text, cue)) else None
    return None


def _read_text(text: object) -> str:
    """Without styles, lines parted; nothing of pictures."""
    if not isinstance(text, AssSubtitle):
        return ""
    *_, plain = text.ass.decode(errors="replace").split(",", FIELDS_BEFORE_TEXT)
    lines = re.split(r"\\[Nn]", STYLES.sub("", plain).replace(r"\h", " "))
    # An empty line would end a cue.
    return "\n".join(filter(None, map(str.strip, lines)))


def _place(made: "Packet[Any]", like: "Packet[Any]", stream: Stream) -> "Packet[Any]":
    made.stream, made.time_base = stream, like.time_base
    made.pts = made.dts = like.pts
    made.duration = like.duration
    return made
