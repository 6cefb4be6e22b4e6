"""The dub's sound: the mix, its parts without loss if asked for, and the index of its chunks."""

from collections.abc import Mapping
from typing import Any

from backend.pipeline.artifact_kinds import ArtifactKind
from workers.audio.samples import RATE
from workers.exports.dub import Export, MixedDub
from workers.interfaces.progress import Progress
from workers.interfaces.stages import describe_output


def export(dub: MixedDub, _progress: Progress) -> Export:
    """`audio`, `audio_flac` and stems if asked for, `mix_index`; they are rendered already."""
    meta = {
        "duration": dub.samples / RATE,
        "language": dub.inputs.language,
        "sample_rate": RATE,
        "channels": 2,
    }
    aac = {"codec": "aac", "loudness": dub.mixed.measured.model_dump()}
    special: Mapping[str, Any] = {ArtifactKind.AUDIO: aac, ArtifactKind.MIX_INDEX: {}}
    return Export(
        [
            describe_output(kind, path, meta | special.get(kind, {"codec": "flac"}))
            for kind, path in dub.mixed.paths.items()
        ]
    )
