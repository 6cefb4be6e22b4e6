"""A picture encoded as H.264 that any player takes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

import av
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from backend.errors import Permanent
from backend.media.container import compute_origin, demux_packets, find_video_stream
from backend.media.timeline import Timeline
from backend.process.interrupt import check_interrupt
from workers.media.hold import Shown, hold_frames
from workers.media.tone_mapping import is_hdr, list_filters, open_table
from workers.timing.holds import Hold, count_parts

# x264's constant quality at its default, and the fastest preset that does not harm it visibly.
OPTIONS = {"preset": "veryfast", "crf": "23", "forced-idr": "1"}
# Of slides that are held B-frames would be decoded many seconds before they are shown.
IN_ORDER = {"bf": "0"}
# Bytes that the frames of a picture may take which decoder, filters and encoder hold.
MOST_HELD = 1 << 29
AHEAD = 10  # frames, as the preset has it
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
KEYFRAME_EVERY = 6.0  # seconds, as long as Apple's authoring specification wants segments
CLOCK = Fraction(1, 90_000)
BT709 = 1
UNSPECIFIED = 2  # of the matrix of colours, as 0 is RGB's and the picture is none (ITU-T H.273)

# Of each interlaced frame one whole picture; others pass as they are.
WHOLE = ("bwdif", "mode=send_frame:deint=interlaced")

LARGEST_INTERLACED = 4096 * 2304  # of no larger one a standard knows; the filter holds four frames

# What undoes a camera's turn, told in degrees counterclockwise.
TURNS = {
    90: (("transpose", "cclock"),),
    -90: (("transpose", "clock"),),
    180: (("hflip", ""), ("vflip", "")),
    -180: (("hflip", ""), ("vflip", "")),
}


def encode_picture(
    container: InputContainer, target: OutputContainer, holds: Sequence[Hold] = ()
) -> Iterator[float]:
    """Encode the picture into `target`, upright and from zero; yields seconds that are done.

    It stands still at the `holds`. Raises `Permanent` when no picture can be decoded.
    """
    stream = find_video_stream(container)
    if stream is None:
        raise Permanent("The recording has no picture.")
    sink: VideoStream | None = None
    key = -KEYFRAME_EVERY
    fps = _choose_rate(stream) * count_parts(float(_choose_rate(stream)))
    for time, frame in hold_frames(_place_frames(container, stream), holds, fps):
        sink = sink or _open_stream(target, frame, stream, _choose_options(frame, holds))
        frame.pts, frame.time_base = round(time / CLOCK), CLOCK
        due = time - key >= KEYFRAME_EVERY
        key = time if due else key
        frame.pict_type = PictureType.I if due else PictureType.NONE
        target.mux(sink.encode(frame))
        yield time
    if sink is None:
        raise Permanent("The picture cannot be decoded: check that the recording plays.")
    target.mux(sink.encode(None))


class HeldFrames(NamedTuple):
    """How many `threads` may each hold frames, and how many frames the encoder looks `ahead`."""

    threads: int
    ahead: int


def count_frames(pixels: int) -> HeldFrames:
    """What a picture of so many pixels allows, so that all frames held fit into `MOST_HELD`."""
    frames = MOST_HELD // max(1, pixels * 3 // 2)  # of 12 bits a pixel, as 4:2:0 has them
    share = frames // 8  # decoder, filters, and encoder each have their own
    return HeldFrames(max(1, min(share, CORES)), max(0, min(share, AHEAD)))


def _choose_options(like: VideoFrame, holds: Sequence[Hold]) -> dict[str, str]:
    held = count_frames(like.width * like.height)
    options = OPTIONS | {"threads": str(held.threads)}
    if held.ahead < AHEAD:
        options |= IN_ORDER | {"x264-params": f"rc-lookahead={held.ahead}:sync-lookahead=0"}
    return options | (IN_ORDER if holds else {})


def _open_stream(
    target: OutputContainer, like: VideoFrame, stream: VideoStream, options: dict[str, str]
) -> VideoStream:
    sink = target.add_stream("libx264", _choose_rate(stream), options)
    sink.width, sink.height, sink.pix_fmt = like.width, like.height, like.format.name
    codec = sink.codec_context
    codec.time_base = CLOCK
    aspect = stream.sample_aspect_ratio or Fraction(1)
    turned = abs(like.width - stream.width) > 1
    codec.sample_aspect_ratio = 1 / aspect if turned else aspect
    # Frames that come from a filter do not tell all of their colours.
    told = stream.codec_context
    codec.color_range = like.color_range
    codec.color_trc, codec.color_primaries, codec.colorspace = (
        (BT709,) * 3
        if is_hdr(stream)
        else (told.color_trc, told.color_primaries, told.colorspace or UNSPECIFIED)
    )
    return sink


def _choose_rate(stream: VideoStream) -> Fraction:
    return stream.average_rate or stream.guessed_rate or Fraction(25)


def _place_frames(container: InputContainer, stream: VideoStream) -> Iterator[Shown]:
    """The frames with their times in seconds, ever later; the first is held from zero.

    What an edit list hides before zero is left out: of fragments FFmpeg's decoder hides nothing.
    """
    line, last, begin = (
        Timeline(float(compute_origin(container))),
        -1,
        -0.5 / float(_choose_rate(stream)),
    )
    for frame in _turn_frames(_decode_frames(container, stream), stream):
        time = line.place(frame.time, 0.0)
        if time < begin:
            continue
        time = time if last >= 0 else 0.0
        tick = round(time / CLOCK)
        if tick > last:
            last = tick
            yield time, frame


def _turn_frames(frames: Iterator[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames whole, turned as they are to be seen, in 4:2:0, which needs even sizes."""
    first = next(frames, None)
    if first is None:
        return
    whole = (WHOLE,) if first.width * first.height <= LARGEST_INTERLACED else ()
    graph = _build_graph(stream, (*whole, *TURNS.get(first.rotation, ())))
    for frame in chain([first], frames, [None]):
        graph.vpush(frame)
        with suppress(av.BlockingIOError, av.EOFError):
            while True:
                yield graph.vpull()


def _build_graph(stream: VideoStream, before: Sequence[tuple[str, str]]) -> Graph:
    graph = Graph()
    even = ("scale", "trunc(iw/2)*2:trunc(ih/2)*2")
    with ExitStack() as files:  # the table of colours is read when the graph is configured
        colours: Sequence[tuple[str, str]] = (("format", "yuv420p"),)
        if is_hdr(stream):
            colours = list_filters(str(files.enter_context(open_table(stream))))
        chained = [graph.add(*one) for one in (*before, even, *colours)]
        graph.link_nodes(graph.add_buffer(stream), *chained, graph.add("buffersink")).configure()
    return graph


def _decode_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames that can be decoded; damaged ones are left out."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = count_frames(stream.width * stream.height).threads
    for packet in demux_packets(container, stream):
        check_interrupt()
        with suppress(av.FFmpegError):
            yield from packet.decode()
