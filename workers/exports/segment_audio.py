"""Each line's speech as a file of its own, as it sounds in the dub."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import soundfile as sf

from workers.audio.samples import RATE
from workers.interfaces.stages import Made
from workers.mixing.mixdown import Order, spoken
from workers.mixing.score import Take


def zipped(order: Order, folder: Path, level: float, takes: Mapping[str, Take]) -> Made:
    """A zip of mono FLAC files under the takes' names, speech at `level` LUFS."""
    path = folder / "segments.zip"
    with ZipFile(path, "w") as archive:
        for name, take in takes.items():
            flac = BytesIO()
            sf.write(flac, spoken(order, level, take), RATE, "PCM_16", format="FLAC")
            # Without a date, so that equal speech makes equal files.
            archive.writestr(ZipInfo(f"{name}.flac"), flac.getvalue())
    return Made("segment_audio", path, "application/zip", path.name, {"lines": len(takes)})
