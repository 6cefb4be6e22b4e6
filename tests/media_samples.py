"""Media made on the spot, of a content that a test can recognise."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile as sf
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Samples = NDArray[np.float32]

FPS = 25


def tone(seconds: float, rate: int = 48_000, channels: int = 2, hertz: float = 440.0) -> Samples:
    """A sine of peak 0.25 in every channel, shape (n, channels)."""
    wave = 0.25 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


def write(path: Path, samples: Samples, rate: int = 48_000) -> Path:
    """WAV, FLAC and the like, by the file's suffix."""
    sf.write(path, samples, rate)
    return path


def write_av(
    path: Path,
    samples: Samples,
    codec: str,
    rate: int = 48_000,
    *,
    pieces: tuple[tuple[float, int, int], ...] = (),
    video: float | None = None,
    video_codec: str = "mpeg4",
    video_tag: str = "",
    video_options: dict[str, str] | None = None,
    pixels: str = "yuv420p",
    language: str | None = None,
    frame_size: int = 960,
    options: dict[str, str] | None = None,
) -> Path:
    """Sound encoded with PyAV, with a moving picture of `video` seconds if one is asked for.

    `pieces` are (start in seconds, first sample, last sample); by default all of it from 0.
    """
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]]
    with av.open(path, "w", options=options or {}) as container:
        picture = container.add_stream(video_codec, FPS, video_options) if video else None
        if picture:
            picture.width, picture.height, picture.pix_fmt = 64, 48, pixels
            picture.codec_context.codec_tag = video_tag or picture.codec_context.codec_tag
        if len(samples):
            sound = container.add_stream(codec, rate=rate, layout=layout)
            sound.metadata["language"] = language or "und"
        for number in range(round((video or 0) * FPS)):
            frame = VideoFrame.from_ndarray(
                np.full((48, 64, 3), number * 7 % 256, np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(picture.encode(frame))
        if picture:
            container.mux(picture.encode(None))
        for start, first, last in pieces or ((0.0, 0, len(samples)),):
            for at in range(first, last, frame_size):
                part = np.ascontiguousarray(samples[at : min(at + frame_size, last)].reshape(1, -1))
                frame = AudioFrame.from_ndarray(part, format="flt", layout=layout)
                frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = round(start * rate) + at - first
                container.mux(sound.encode(frame))
        if len(samples):
            container.mux(sound.encode(None))
    return path


def trim_file(source: Path, out: Path, seconds: float, **options: str) -> Path:
    """A copy that an edit list lets begin so much later: what is before it stays in the file."""
    with av.open(source) as whole, av.open(out, "w", options=options) as target:
        copies = [target.add_stream_from_template(one) for one in whole.streams]
        for packet in whole.demux():
            if packet.size:
                early = round(seconds / packet.time_base)
                packet.pts, packet.dts = packet.pts - early, packet.dts - early
                packet.stream = copies[packet.stream_index]
                target.mux(packet)
    return out


def no_sound() -> Samples:
    return np.zeros((0, 2), np.float32)


def rms(samples: Samples) -> float:
    """dBFS."""
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20)
