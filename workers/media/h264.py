"""A picture encoded as H.264 that any player takes."""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain

import av
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from backend.core.errors import Permanent
from backend.media.container import origin
from backend.media.timeline import Timeline

# x264's constant quality at its default, and the fastest preset that does not harm it visibly.
OPTIONS = {"preset": "veryfast", "crf": "23", "forced-idr": "1"}
KEYFRAME_EVERY = 6.0  # seconds, as long as Apple's authoring specification wants segments
CLOCK = Fraction(1, 90_000)

# What undoes a camera's turn, told in degrees counterclockwise.
TURNS = {
    90: (("transpose", "cclock"),),
    -90: (("transpose", "clock"),),
    180: (("hflip", ""), ("vflip", "")),
    -180: (("hflip", ""), ("vflip", "")),
}


def encoded(
    container: InputContainer, stream: VideoStream, target: OutputContainer
) -> Iterator[float]:
    """Encode the stream into `target`, upright and from zero; yields seconds that are done.

    Raises `Permanent` when no picture can be decoded.
    """
    sink: VideoStream | None = None
    key = -KEYFRAME_EVERY
    for time, frame in _placed(container, stream):
        sink = sink or _sink(target, frame, stream)
        due = time - key >= KEYFRAME_EVERY
        key = time if due else key
        frame.pict_type = PictureType.I if due else PictureType.NONE
        target.mux(sink.encode(frame))
        yield time
    if sink is None:
        raise Permanent("The picture cannot be decoded: check that the recording plays.")
    target.mux(sink.encode(None))


def _sink(target: OutputContainer, like: VideoFrame, stream: VideoStream) -> VideoStream:
    sink = target.add_stream("libx264", stream.average_rate or stream.guessed_rate, OPTIONS)
    sink.width, sink.height, sink.pix_fmt = like.width, like.height, like.format.name
    sink.codec_context.time_base = CLOCK
    sink.codec_context.sample_aspect_ratio = stream.sample_aspect_ratio or Fraction(1)
    return sink


def _placed(container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
    """The frames with their times in seconds, ever later; the first is held from zero."""
    line, last = Timeline(float(origin(container))), -1
    for frame in _upright(_decoded(container, stream), stream):
        time = line.place(frame.time, 0.0) if last >= 0 else 0.0
        frame.pts, frame.time_base = round(time / CLOCK), CLOCK
        if frame.pts > last:
            last = frame.pts
            yield time, frame


def _upright(frames: Iterator[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames turned as they are to be seen, in 4:2:0, which needs even sizes."""
    first = next(frames, None)
    if first is None:
        return
    graph = Graph()
    even = ("scale", "trunc(iw/2)*2:trunc(ih/2)*2")
    filters = (*TURNS.get(first.rotation, ()), even, ("format", "yuv420p"))
    chained = [graph.add(name, arguments) for name, arguments in filters]
    graph.link_nodes(graph.add_buffer(stream), *chained, graph.add("buffersink")).configure()
    for frame in chain([first], frames):
        graph.vpush(frame)
        yield graph.vpull()


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames that can be decoded; damaged ones are left out."""
    stream.thread_type = "AUTO"
    for packet in container.demux(stream):
        with suppress(av.InvalidDataError):
            yield from packet.decode()
