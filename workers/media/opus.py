"""The dub as Opus, which is what WebM takes."""

from collections.abc import Iterable
from pathlib import Path

import av
from av.audio.frame import AudioFrame

from workers.audio.samples import RATE, Samples

BIT_RATE = 128_000  # the upper end of what RFC 7587, 3.1.1 recommends for music in stereo


def write_opus(blocks: Iterable[Samples], out: Path) -> None:
    """Encode blocks of shape (n, 2) at 48 kHz into an Ogg file."""
    with av.open(out, "w", format="ogg") as file:
        stream = file.add_stream("libopus", RATE, layout="stereo")
        stream.codec_context.bit_rate = BIT_RATE
        written = 0
        for block in blocks:
            frame = AudioFrame.from_ndarray(block.reshape(1, -1), "flt", "stereo")
            frame.sample_rate, frame.pts = RATE, written
            file.mux(stream.encode(frame))
            written += len(block)
        file.mux(stream.encode(None))
