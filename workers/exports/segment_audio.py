"""Each line's speech as a file of its own, as it sounds in the dub."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import soundfile as sf

from backend.pipeline.artifact_kinds import ArtifactKind
from workers.audio.samples import RATE
from workers.exports.dub import Export, MixedDub
from workers.interfaces.progress import Progress
from workers.interfaces.stages import describe_output
from workers.mixing.order import MixOrder, load_take
from workers.mixing.score import PlacedTake


def export(dub: MixedDub, _progress: Progress) -> Export:
    """`segment_audio` if it is asked for: a zip of mono FLAC files under the lines' numbers."""
    if not dub.inputs.params.segment_audio:
        return Export()
    names = [f"{placed.id:04}" for placed in dub.placements]
    takes = dict(zip(names, dub.order.takes, strict=True))
    level, path = dub.mixed.contents.level, dub.context.workdir / "segments.zip"
    _write_zip(path, dub.order, level, takes)
    return Export([describe_output(ArtifactKind.SEGMENT_AUDIO, path, {"lines": len(takes)})])


def _write_zip(path: Path, order: MixOrder, level: float, takes: Mapping[str, PlacedTake]) -> None:
    with ZipFile(path, "w") as archive:
        for name, take in takes.items():
            flac = BytesIO()
            sf.write(flac, load_take(order, level, take), RATE, "PCM_16", format="FLAC")
            # Without a date, so that equal speech makes equal files.
            archive.writestr(ZipInfo(f"{name}.flac"), flac.getvalue())
