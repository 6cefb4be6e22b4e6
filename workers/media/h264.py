"""A picture encoded as H.264 that any player takes."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import chain

import av
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from backend.errors import Permanent
from backend.media.container import compute_origin, find_video_stream
from backend.media.timeline import Timeline
from workers.media.hold import Shown, hold_frames
from workers.timing.holds import Hold, count_parts

# x264's constant quality at its default, and the fastest preset that does not harm it visibly.
OPTIONS = {"preset": "veryfast", "crf": "23", "forced-idr": "1"}
# Of slides that are held B-frames would be decoded many seconds before they are shown.
IN_ORDER = {"bf": "0"}
KEYFRAME_EVERY = 6.0  # seconds, as long as Apple's authoring specification wants segments
CLOCK = Fraction(1, 90_000)
UNSPECIFIED = 2  # of the matrix of colours, as 0 is RGB's and the picture is none (ITU-T H.273)

# Of each interlaced frame one whole picture; others pass as they are.
WHOLE = ("bwdif", "mode=send_frame:deint=interlaced")

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
        sink = sink or _open_stream(target, frame, stream, OPTIONS | (IN_ORDER if holds else {}))
        frame.pts, frame.time_base = round(time / CLOCK), CLOCK
        due = time - key >= KEYFRAME_EVERY
        key = time if due else key
        frame.pict_type = PictureType.I if due else PictureType.NONE
        target.mux(sink.encode(frame))
        yield time
    if sink is None:
        raise Permanent("The picture cannot be decoded: check that the recording plays.")
    target.mux(sink.encode(None))


def _open_stream(
    target: OutputContainer, like: VideoFrame, stream: VideoStream, options: dict[str, str]
) -> VideoStream:
    sink = target.add_stream("libx264", _choose_rate(stream), options)
    sink.width, sink.height, sink.pix_fmt = like.width, like.height, like.format.name
    codec = sink.codec_context
    codec.time_base = CLOCK
    codec.sample_aspect_ratio = stream.sample_aspect_ratio or Fraction(1)
    # Frames that come from a filter do not tell all of their colours.
    told = stream.codec_context
    codec.color_range, codec.color_trc = like.color_range, told.color_trc
    codec.color_primaries, codec.colorspace = told.color_primaries, told.colorspace or UNSPECIFIED
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
    graph = Graph()
    even = ("scale", "trunc(iw/2)*2:trunc(ih/2)*2")
    filters = (WHOLE, *TURNS.get(first.rotation, ()), even, ("format", "yuv420p"))
    chained = [graph.add(name, arguments) for name, arguments in filters]
    graph.link_nodes(graph.add_buffer(stream), *chained, graph.add("buffersink")).configure()
    for frame in chain([first], frames, [None]):
        graph.vpush(frame)
        with suppress(av.BlockingIOError, av.EOFError):
            while True:
                yield graph.vpull()


def _decode_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames that can be decoded; damaged ones are left out."""
    stream.thread_type = "AUTO"
    for packet in container.demux(stream):
        with suppress(av.InvalidDataError):
            yield from packet.decode()
