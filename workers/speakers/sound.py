"""Excerpts of a recording, read one after the other so that memory stays flat."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import soundfile

from workers.speakers.encoder import Floats


def read_excerpts(wav: Path, spans: Iterable[tuple[float, float]]) -> Iterator[Floats]:
    """The samples of each span (start and end in seconds) of a mono file, as far as it goes."""
    with soundfile.SoundFile(wav) as file:
        for start, end in spans:
            first, last = (min(round(at * file.samplerate), file.frames) for at in (start, end))
            file.seek(first)
            yield file.read(last - first, dtype="float32")
