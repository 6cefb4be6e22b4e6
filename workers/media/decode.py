"""Any recording's sound as blocks of float32 samples, each at the time where it belongs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from math import gcd
from pathlib import Path

import av
import numpy as np
import soundfile as sf
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph

from backend.errors import Permanent
from backend.media.container import compute_origin, find_audio_stream, open_media
from backend.media.timeline import Timeline
from workers.audio.samples import LAYOUTS, Samples

# Clocks that count milliseconds jitter; sound this little off the picture goes unnoticed
# (ITU-R BT.1359-1 puts the threshold of detectability at 45 ms of lead).
TOLERANCE = 0.040

# Up to so many channels FFmpeg has a layout for every number of them (av_channel_layout_default).
GUESSED = 8

# Decoding that begins in the middle begins this much earlier, in seconds: decoders and resamplers
# need to have heard something before.
RUN_UP = 1.0


def decode_blocks(path: Path, rate: int, channels: int, first: int = 0) -> Iterator[Samples]:
    """The sound of a file as blocks of shape (n, channels) in -1..1, n at most `rate` (a second).

    A pause in the time stamps, or a late start, becomes silence; what overlaps is heard once; a
    damaged packet is silence. All channels are mixed to one or two without clipping. With `first`
    the blocks begin at that sample, and nothing long before it is decoded; whether they hold what
    they would have held otherwise depends on the file, as not every format can be entered anywhere.

    Raises `Permanent` when the file holds no sound that can be decoded.
    """
    with open_media(path) as container:
        stream = find_audio_stream(container)
        if stream is None:
            raise Permanent(f"{path.name} has no sound.")
        begin = max(0.0, first / rate - RUN_UP)
        pieces = _convert_frames(container, stream, rate, channels, begin)
        yield from join_pieces(pieces, first, rate, channels)


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
    path: Path, out: Path, rate: int, duration: float, progress: Callable[[float], None]
) -> float:
    """Write the sound as 16-bit mono WAV and return its length in seconds.

    `progress` gets 0..1, by the `duration` in seconds that `probe_media` told.
    """
    written = 0
    with sf.SoundFile(out, "w", rate, 1, "PCM_16", format="WAV") as wav:
        for block in decode_blocks(path, rate, 1):
            wav.write(block)
            written += len(block)
            progress(min(1.0, written / rate / duration))
    return written / rate


class _Converter:
    """FFmpeg's resampler and downmix for frames of one format, rate and layout."""

    def __init__(
        self, like: AudioFrame, start: float, rate: int, channels: int, skip: int = 0
    ) -> None:
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
        evenly = [self.graph.add(*it) for it in _build_downmix(like.layout)]
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
        filters = (source, trim, *evenly, resample, layout, second, self.graph.add("abuffersink"))
        self.graph.link_nodes(*filters).configure()

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


def _build_downmix(layout: AudioLayout) -> Iterator[tuple[str, str]]:
    """Filters that make one channel of many, if nobody told where they belong."""
    if layout.nb_channels > GUESSED and layout.channels[0].name == "NONE":
        yield "aformat", "sample_fmts=flt"  # integers would overflow by rounding
        yield "pan", "mono|c0<" + "+".join(f"c{number}" for number in range(layout.nb_channels))


def _convert_frames(
    container: InputContainer, stream: AudioStream, rate: int, channels: int, begin: float
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
            skip = _measure_drift(frame, stream, rate) if begin and converter is None else 0
            converter = _Converter(frame, start, rate, channels, skip)
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
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                continue
    except av.InvalidDataError:
        return  # the file ends in the middle of a packet


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
