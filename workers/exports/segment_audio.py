"""Each line's speech as a file of its own, as it sounds in the dub."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import soundfile as sf

from backend.pipeline.artifact_kinds import ArtifactKind
from workers.audio.samples import RATE
from workers.interfaces.stages import OutputFile, describe_output
from workers.mixing.mixdown import MixOrder, load_take
from workers.mixing.score import PlacedTake


def write_zip(
    order: MixOrder, folder: Path, level: float, takes: Mapping[str, PlacedTake]
) -> OutputFile:
    """A zip of mono FLAC files under the takes' names, speech at `level` LUFS."""
    path = folder / "segments.zip"
    with ZipFile(path, "w") as archive:
        for name, take in takes.items():
            flac = BytesIO()
            sf.write(flac, load_take(order, level, take), RATE, "PCM_16", format="FLAC")
            # Without a date, so that equal speech makes equal files.
            archive.writestr(ZipInfo(f"{name}.flac"), flac.getvalue())
    return describe_output(ArtifactKind.SEGMENT_AUDIO, path, {"lines": len(takes)})
