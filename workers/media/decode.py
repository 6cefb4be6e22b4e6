"""Any recording's sound as blocks of float32 samples, each at the time where it belongs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from math import gcd
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import soundfile as sf
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph

from backend.errors import Permanent
from backend.media.container import compute_origin, demux_packets, find_audio_stream, open_media
from backend.media.limits import HIGHEST_RATE, LOWEST_RATE
from backend.media.timeline import Timeline
from backend.media.tracks import ANY, TrackWish
from backend.process.interrupt import check_interrupt
from workers.audio.channels import ChannelRepair
from workers.audio.samples import LAYOUTS, Samples

# By the name of the layout, what each of its channels counts, and what it is to have.
Weights = Mapping[str, Sequence[float]]
Repairs = Mapping[str, Sequence[ChannelRepair]]
UNREPAIRED: Repairs = {}

# Clocks that count milliseconds jitter; sound this little off the picture goes unnoticed
# (ITU-R BT.1359-1 puts the threshold of detectability at 45 ms of lead).
TOLERANCE = 0.040

# Up to so many channels FFmpeg has a layout for every number of them (av_channel_layout_default).
GUESSED = 8

# Decoding that begins in the middle begins this much earlier, in seconds: decoders and resamplers
# need to have heard something before.
RUN_UP = 1.0


def decode_blocks(
    path: Path,
    rate: int,
    channels: int,
    first: int = 0,
    track: TrackWish = ANY,
    *,
    repairs: Repairs = UNREPAIRED,
) -> Iterator[Samples]:
    """The sound of a file as blocks of shape (n, channels) in -1..1, n at most `rate` (a second).

    A pause in the time stamps, or a late start, becomes silence; what overlaps is heard once; a
    damaged packet is silence. All channels are mixed to one or two without clipping, after their
    `repairs`. With `first` the blocks begin at that sample, and nothing long before it is decoded;
    whether they hold what they would have held otherwise depends on the file, as not every format
    can be entered anywhere.

    Raises `Permanent` when the file holds no sound that can be decoded.
    """
    yield from _decode(path, _Sink(rate, channels, {}, repairs), first, track)


def decode_speech(
    path: Path, rate: int, weights: Weights, track: TrackWish = ANY
) -> Iterator[Samples]:
    """The sound as `decode_blocks` gives it, in one channel, to which each counts its weight."""
    yield from _decode(path, _Sink(rate, 1, weights, UNREPAIRED), 0, track)


def _decode(path: Path, sink: "_Sink", first: int, track: TrackWish) -> Iterator[Samples]:
    with open_media(path) as container:
        stream = find_audio_stream(container, track)
        if stream is None:
            raise Permanent(f"{path.name} has no sound.")
        begin = max(0.0, first / sink.rate - RUN_UP)
        pieces = _convert_frames(container, stream, sink, begin)
        yield from join_pieces(pieces, first, sink.rate, sink.channels)


def fit_blocks(sound: Iterable[Samples], total: int, size: int, channels: int) -> Iterator[Samples]:
    """The sound cut or filled up with silence to `total` samples, in blocks of `size`.

    Blocks have shape (n, channels); only the last may be shorter than `size`.
    """
    held = np.empty((0, channels), np.float32)
    rest = total
    for block in chain(sound, _yield_silence(total, size, channels)):
        held = np.concatenate([held, block]) if len(held) else block
        while rest and len(held) >= min(size, rest):
            yield held[: min(size, rest)]
            held, rest = held[min(size, rest) :], rest - min(size, rest)
        if not rest:
            return


def write_wav(
    sound: Iterable[Samples],
    out: Path,
    rate: int,
    duration: float,
    progress: Callable[[float], None],
) -> float:
    """Write one channel as 16-bit WAV and return its length in seconds.

    `progress` gets 0..1, by the `duration` in seconds that `probe_media` told.
    """
    written = 0
    with sf.SoundFile(out, "w", rate, 1, "PCM_16", format="WAV") as wav:
        for block in sound:
            wav.write(block)
            written += len(block)
            progress(min(1.0, written / rate / duration))
    return written / rate


class _Sink(NamedTuple):
    """What the sound is to become; `weights` tell by layout how channels become one.

    `repairs` tell by layout what is done to the channels before they become one or two.
    """

    rate: int
    channels: int
    weights: Weights
    repairs: Repairs


class _Converter:
    """FFmpeg's resampler and downmix for frames of one format, rate and layout."""

    def __init__(self, like: AudioFrame, start: float, sink: _Sink, skip: int = 0) -> None:
        rate, channels, weights, repairs = sink
        self.kind = _format_kind(like)
        self.start, self.taken = start, 0
        self.position = round((start + skip / like.sample_rate) * rate)
        self.graph = Graph()
        source = self.graph.add_abuffer(
            sample_rate=like.sample_rate,
            format=like.format,
            layout=like.layout,
            time_base=Fraction(1, like.sample_rate),
        )
        trim = self.graph.add("atrim", f"start_sample={skip}")
        name = like.layout.name
        repaired = [self.graph.add(*it) for it in _build_repairs(name, repairs.get(name, ()))]
        evenly = [self.graph.add(*it) for it in _build_downmix(like.layout, weights.get(name))]
        # FFmpeg takes 3 dB off when it spreads one channel over two: that is left to numpy.
        self.width = 1 if evenly else min(channels, like.layout.nb_channels)
        self.channels = channels
        # By default float samples are added up unscaled when channels are mixed down.
        resample = self.graph.add("aresample", f"{rate}:rematrix_maxval=1")
        layout = self.graph.add(
            "aformat",
            f"sample_fmts=flt:sample_rates={rate}:channel_layouts={LAYOUTS[self.width]}",
        )
        second = self.graph.add("asetnsamples", f"n={rate}:p=0")
        made = (*repaired, *evenly, resample, layout, second)
        self.graph.link_nodes(source, trim, *made, self.graph.add("abuffersink")).configure()

    def expects(self, frame: AudioFrame, start: float) -> bool:
        """Whether the frame goes on where the last one ended, in the same format."""
        end = self.start + self.taken / self.kind[0]
        return _format_kind(frame) == self.kind and abs(start - end) <= TOLERANCE

    def convert(self, frame: AudioFrame | None) -> Iterator[tuple[int, Samples]]:
        """What is ready, with its position in samples; None flushes."""
        if frame is not None:
            self.taken += frame.samples
            frame.pts = None
        self.graph.push(frame)
        while True:
            try:
                raw = self.graph.pull().to_ndarray()
            except (av.BlockingIOError, av.EOFError):
                return
            samples = np.asarray(raw, np.float32).reshape(-1, self.width)
            if self.width < self.channels:
                samples = samples.repeat(self.channels, axis=1)
            yield self.position, samples
            self.position += len(samples)


def _format_kind(frame: AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.format.name, frame.layout.name


def _build_repairs(layout: str, repairs: Sequence[ChannelRepair]) -> Iterator[tuple[str, str]]:
    if repairs:
        rows = (f"c{at}={one.factor:g}*c{one.source}" for at, one in enumerate(repairs))
        yield "aformat", "sample_fmts=flt"
        yield "pan", "|".join((layout, *rows))


def _build_downmix(
    layout: AudioLayout, weights: Sequence[float] | None
) -> Iterator[tuple[str, str]]:
    """Filters that make one channel of many: by weights, or if nobody told where they belong."""
    if weights:
        yield "aformat", "sample_fmts=flt"
        yield "pan", "mono|c0=" + "".join(f"{one:+f}*c{at}" for at, one in enumerate(weights))
    elif layout.nb_channels > GUESSED and layout.channels[0].name == "NONE":
        yield "aformat", "sample_fmts=flt"  # integers would overflow by rounding
        yield "pan", "mono|c0<" + "+".join(f"c{number}" for number in range(layout.nb_channels))


def _convert_frames(
    container: InputContainer, stream: AudioStream, sink: _Sink, begin: float
) -> Iterator[tuple[int, Samples]]:
    """Converted samples with their position, a new converter wherever the sound does not go on."""
    timeline = Timeline(float(compute_origin(container)), begin)
    if begin:
        with suppress(av.FFmpegError):  # what cannot be entered is decoded from its start
            container.seek(int((begin + compute_origin(container)) * av.time_base))
    converter: _Converter | None = None
    for frame in _decode_frames(container, stream):
        start = timeline.place(frame.time, frame.samples / frame.sample_rate)
        if converter is None or not converter.expects(frame, start):
            if converter:
                yield from converter.convert(None)
            skip = _measure_drift(frame, stream, sink.rate) if begin and converter is None else 0
            converter = _Converter(frame, start, sink, skip)
        yield from converter.convert(frame)
    if converter:
        yield from converter.convert(None)
    elif not begin:
        raise Permanent("The recording's sound cannot be decoded: check that it plays.")


def _measure_drift(frame: AudioFrame, stream: AudioStream, rate: int) -> int:
    """How many samples after the frame's start the resampler would take one as it is."""
    period = frame.sample_rate // gcd(frame.sample_rate, rate)
    behind = ((frame.pts or 0) - (stream.start_time or 0)) * (stream.time_base or Fraction(0))
    return -round(behind * frame.sample_rate) % period


def _decode_frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """The frames that can be decoded; the time of those that cannot stays empty."""
    for packet in demux_packets(container, stream):
        check_interrupt()
        with suppress(av.FFmpegError):
            yield from filter(is_sound, packet.decode())


def is_sound(frame: AudioFrame) -> bool:
    """Whether it can be resampled: a single frame may say any rate, and last for days."""
    return LOWEST_RATE <= frame.sample_rate <= HIGHEST_RATE


def join_pieces(
    pieces: Iterable[tuple[int, Samples]], written: int, rate: int, channels: int
) -> Iterator[Samples]:
    """The samples from position `written` on, with silence where there are none."""
    for position, samples in pieces:
        yield from _yield_silence(position - written, rate, channels)
        written = max(written, position)
        fresh = samples[written - position :]
        if len(fresh):
            yield fresh
        written += len(fresh)


def _yield_silence(length: int, size: int, channels: int) -> Iterator[Samples]:
    for start in range(0, length, size):
        yield np.zeros((min(size, length - start), channels), np.float32)
