"""The files of a mix, written chunk by chunk: what was rendered, or what an earlier file holds."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import av
import soundfile as sf

from backend.pipeline.artifact_kinds import ArtifactKind
from workers.audio.samples import RATE
from workers.media.m4a import open_m4a, read_packets
from workers.mixing.render import RenderedChunk
from workers.mixing.score import Chunk

# 24-bit FLAC, each of a part of `workers.mixing.mix.MixedBlock`.
LOSSLESS: Mapping[str, str] = {
    ArtifactKind.AUDIO_FLAC: "whole",
    ArtifactKind.STEM_DUB: "dub",
    ArtifactKind.STEM_BED: "bed",
}

Append = Callable[[Chunk, RenderedChunk | None], None]


@contextmanager
def open_tracks(
    paths: Mapping[str, Path], before: Mapping[str, Path], language: str
) -> Iterator[Append]:
    """Open a file for each kind (`audio` and those of `LOSSLESS`) to append chunks to, in order.

    A chunk that was not rendered is taken from the earlier files, which are of the same length.
    `language` is an ISO 639-2/T code.
    """
    with ExitStack() as stack:
        appends = [
            _write_lossless(stack, LOSSLESS[kind], path, before.get(kind))
            if kind in LOSSLESS
            else _write_aac(stack, path, before.get(kind), language)
            for kind, path in paths.items()
        ]

        def append(chunk: Chunk, rendered: RenderedChunk | None) -> None:
            for one in appends:
                one(chunk, rendered)

        yield append


def measure_length(path: Path) -> int:
    """The samples at 48 kHz for which a finished audio file says that players play it."""
    with av.open(path) as file:
        (stream,) = file.streams.audio
        return round((stream.duration or 0) * (stream.time_base or 0) * RATE)


def _write_aac(stack: ExitStack, path: Path, before: Path | None, language: str) -> Append:
    write = stack.enter_context(open_m4a(path, language))
    earlier = read_packets(before) if before else iter(())

    def append(chunk: Chunk, rendered: RenderedChunk | None) -> None:
        kept = list(islice(earlier, chunk.packets))
        write(rendered.packets if rendered else kept)

    return append


def _write_lossless(stack: ExitStack, part: str, path: Path, before: Path | None) -> Append:
    file = stack.enter_context(sf.SoundFile(path, "w", RATE, 2, "PCM_24", format="FLAC"))
    earlier = stack.enter_context(sf.SoundFile(before)) if before else None

    def append(chunk: Chunk, rendered: RenderedChunk | None) -> None:
        if rendered:
            file.write(rendered.parts[part])
        elif earlier:
            earlier.seek(chunk.start)
            file.write(earlier.read(chunk.end - chunk.start, dtype="int32"))

    return append
