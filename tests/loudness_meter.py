"""ffmpeg's ebur128, which is no part of Dubline and has the last word on loudness."""

import math
from pathlib import Path
from typing import NamedTuple

import av
from av.filter import Graph


class Loudness(NamedTuple):
    """In LUFS, LU and dBTP."""

    integrated: float
    range: float
    true_peak: float


def ebur128(path: Path) -> Loudness:
    with av.open(path) as container:
        stream = container.streams.audio[0]
        graph = Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1:peak=true")
        graph.link_nodes(source, meter, graph.add("abuffersink"))
        graph.configure()
        metadata: dict[str, str] = {}
        for frame in container.decode(stream):
            graph.push(frame)
            metadata |= _read_measures(graph)
    return Loudness(
        float(metadata["lavfi.r128.I"]),
        float(metadata["lavfi.r128.LRA"]),
        20 * math.log10(float(metadata["lavfi.r128.true_peak"])),
    )


def _read_measures(graph: Graph) -> dict[str, str]:
    told: dict[str, str] = {}
    while True:
        try:
            told |= graph.pull().metadata
        except (av.BlockingIOError, av.EOFError):
            return told
